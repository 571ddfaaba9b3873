#include "render/measurement_json.h"

#include "render/json_number.h"

namespace trainbudget::render {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const MeasuredEnvironment& e) {
  return {{"readings", e.readings},
          {"lowest_sm_clock_hertz", json_number(e.lowest_sm_clock)},
          {"mean_sm_clock_hertz", json_number(e.mean_sm_clock)},
          {"mean_memory_clock_hertz", json_number(e.mean_memory_clock)},
          {"mean_power_watts", json_number(e.mean_power)},
          {"highest_temperature_celsius", json_number(e.highest_temperature)},
          {"clock_reasons", e.clock_reasons},
          {"other_processes", e.other_processes}};
}

Json json_of(const MeasuredTiming& timing) {
  Json samples = Json::array();
  for (const double sample : timing.samples)
    samples.push_back(json_number(sample));
  const SampleSummary summary = summary_of(timing);
  return {{"median_seconds", json_number(summary.median)},
          {"lower_quartile_seconds", json_number(summary.lower_quartile)},
          {"upper_quartile_seconds", json_number(summary.upper_quartile)},
          {"stop", timing.stop},
          {"warm_up_settled", timing.warm_up_settled},
          {"environment", json_of(timing.environment)},
          {"throttled", timing.throttled},
          {"samples_seconds", std::move(samples)}};
}

Json json_of(const MeasuredDevice& d) {
  return {{"name", d.name},
          {"compute_capability", {d.compute_capability_major, d.compute_capability_minor}},
          {"multiprocessors", d.multiprocessors},
          {"memory_bytes", json_number(d.memory_bytes)},
          {"l2_bytes", json_number(d.l2_bytes)},
          {"highest_sm_clock_hertz", json_number(d.highest_sm_clock)},
          {"highest_memory_clock_hertz", json_number(d.highest_memory_clock)},
          {"driver_version", d.driver_version},
          {"cuda_driver", d.cuda_driver},
          {"cuda_runtime", d.cuda_runtime},
          {"cublas_version", d.cublas_version},
          {"power_limit_watts", json_number(d.power_limit)},
          {"ecc", d.ecc},
          {"mig", d.mig},
          {"persistence", d.persistence}};
}

Json json_of(const MeasuredShape& shape) {
  Json sizes = Json::object();
  const auto put = [&](const char* key, double size) {
    if (size > 0.0) sizes[key] = json_number(size);
  };
  put("batch", shape.batch);
  put("sequence", shape.sequence);
  put("heads", shape.heads);
  put("head_size", shape.head_size);
  put("channels", shape.channels);
  put("vocabulary", shape.vocabulary);
  put("elements", shape.elements);
  return sizes;
}

Json json_of(const MeasuredKernel& kernel) {
  return {{"name", kernel.name},
          {"group", kernel.group},
          {"kernel", kernel.kernel},
          {"mode", kernel.mode},
          {"shape", json_of(kernel.shape)},
          {"flops", json_number(kernel.flops)},
          {"bytes", json_number(kernel.bytes)},
          {"blocks", json_number(kernel.blocks)},
          {"resident_blocks", json_number(kernel.resident_blocks)},
          {"timing", json_of(kernel.timing)}};
}

Json json_of(const MeasuredGemm& gemm) {
  return {{"name", gemm.name},
          {"group", gemm.group},
          {"pass", gemm.pass},
          {"precision", name_of(gemm.precision)},
          {"mode", gemm.mode},
          {"tokens", json_number(gemm.tokens)},
          {"n", json_number(gemm.n)},
          {"k", json_number(gemm.k)},
          {"count", json_number(gemm.count)},
          {"flops", json_number(gemm.flops)},
          {"bytes", json_number(gemm.bytes)},
          {"candidates", gemm.candidates},
          {"chosen", gemm.chosen},
          {"timing", json_of(gemm.timing)}};
}

Json json_of(const MeasuredLaunch& launch) {
  return {{"mode", launch.mode}, {"timing", json_of(launch.timing)}};
}

Json json_of(const MeasuredCollective& each) {
  const double median = summary_of(each.timing).median;
  return {{"collective", name_of(each.collective)},
          {"library", each.library},
          {"ranks", each.ranks},
          {"ranks_per_node", each.ranks_per_node},
          {"bytes", json_number(each.bytes)},
          {"bus_bandwidth_bytes_per_second",
           json_number(bus_bandwidth(each.collective, each.ranks, each.bytes, median))},
          {"timing", json_of(each.timing)}};
}

Json json_of(const MeasuredStep& step) {
  Json parts = Json::array();
  for (const MeasuredPart& part : step.parts) {
    parts.push_back({{"name", part.name},
                     {"launches", part.launches},
                     {"seconds", json_number(part.seconds)},
                     {"predicted_seconds", json_number(part.predicted_seconds)}});
  }
  Json json = {{"model", step.model},
               {"micro_batch", step.micro_batch},
               {"sequence", step.sequence},
               {"layers", step.layers},
               {"model_layers", step.model_layers},
               {"recompute", step.recompute},
               {"mode", step.mode},
               {"launches", step.launches},
               {"optimizer_fraction", json_number(step.optimizer_fraction)},
               {"seconds", json_number(step.seconds)},
               {"predicted_seconds", json_number(step.predicted_seconds)},
               {"parts", std::move(parts)},
               {"timing", json_of(step.timing)}};
  if (step.estimated_seconds > 0.0) json["estimated_seconds"] = json_number(step.estimated_seconds);
  return json;
}

template <class Item>
Json list_of(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items)
    list.push_back(json_of(item));
  return list;
}

}  // namespace

std::string measurement_json(const Measurement& m) {
  Json json = {{"schema", "trainbudget/measurement/2"},
               {"producer", {{"version", m.version}, {"git_revision", m.git_revision}}},
               {"date", m.date},
               {"machine", m.machine},
               {"effort", m.effort}};
  if (!m.note.empty()) json["note"] = m.note;
  json["interrupted"] = m.interrupted;
  json["device"] = json_of(m.device);
  json["kernels"] = list_of(m.kernels);
  json["gemms"] = list_of(m.gemms);
  json["launches"] = list_of(m.launches);
  json["collectives"] = list_of(m.collectives);
  json["steps"] = list_of(m.steps);
  json["failures"] = m.failures;
  // A device name is whatever bytes the driver gives.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace trainbudget::render
