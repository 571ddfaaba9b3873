#include "io/measurement_file.h"

#include "io/accelerator_file.h"
#include "io/json_text.h"
#include "io/map_reader.h"

#include <array>
#include <cmath>
#include <limits>

namespace trainbudget::io {
namespace {

constexpr double most = 1e30;
constexpr long long most_integer = 1'000'000'000'000;

double read_amount(const YamlNode& node) {
  return read_number(node, 0.0, most);
}
double read_positive(const YamlNode& node) {
  const double value = read_amount(node);
  if (!(value > 0.0)) throw InputError(node.location, "a number above zero is wanted");
  return value;
}
int read_count(const YamlNode& node, int least = 0) {
  return static_cast<int>(read_integer(node, least, std::numeric_limits<int>::max()));
}
const std::vector<YamlNode>& items_of(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence) throw InputError(node.location, "a list is wanted");
  return node.items;
}

constexpr std::array<std::string_view, 5> stops{"precise", "settled", "out_of_samples", "out_of_time",
                                                "interrupted"};
constexpr std::array<std::string_view, 2> timing_modes{"cold", "repeated"};
constexpr std::array<std::string_view, 2> launch_modes{"eager", "graph"};
constexpr std::array<std::string_view, 3> passes{"forward", "input_gradient", "weight_gradient"};
constexpr std::array<std::string_view, 3> machines{"gpu", "emulated", "host"};
constexpr std::array<std::string_view, 2> efforts{"quick", "full"};

template <std::size_t count>
std::string read_one_of(const YamlNode& node, std::string_view what,
                        const std::array<std::string_view, count>& words) {
  return std::string(words[read_word(node, what, words)]);
}

MeasuredEnvironment read_environment(const YamlNode& node) {
  MapReader map(node, "environment");
  MeasuredEnvironment environment{
      .readings = read_count(map.require("readings")),
      .lowest_sm_clock = read_amount(map.require("lowest_sm_clock_hertz")),
      .mean_sm_clock = read_amount(map.require("mean_sm_clock_hertz")),
      .mean_memory_clock = read_amount(map.require("mean_memory_clock_hertz")),
      .mean_power = read_amount(map.require("mean_power_watts")),
      .highest_temperature = read_amount(map.require("highest_temperature_celsius")),
      .clock_reasons =
          static_cast<std::uint64_t>(read_integer(map.require("clock_reasons"), 0, most_integer)),
      .other_processes = read_count(map.require("other_processes"))};
  map.finish();
  return environment;
}

/// A figure that the file states and that follows from its samples.
void check_figure(MapReader& map, std::string_view key, double computed) {
  const YamlNode& node = map.require(key);
  const double stated = read_amount(node);
  if (std::abs(stated - computed) > 1e-9 * std::abs(computed)) {
    throw InputError(node.location, std::string(key) + " does not follow from the samples",
                     "the file is damaged or was changed by hand");
  }
}

MeasuredTiming read_timing(const YamlNode& node) {
  MapReader map(node, "timing");
  MeasuredTiming timing;
  const YamlNode& samples = map.require("samples_seconds");
  for (const YamlNode& sample : items_of(samples))
    timing.samples.push_back(read_positive(sample));
  if (timing.samples.empty()) throw InputError(samples.location, "there is no sample");
  for (const YamlNode& index : items_of(map.require("throttled"))) {
    const long long last = static_cast<long long>(timing.samples.size()) - 1;
    const long long least = timing.throttled.empty() ? 0 : timing.throttled.back() + 1;
    timing.throttled.push_back(static_cast<int>(read_integer(index, least, last)));
  }
  timing.stop = read_one_of(map.require("stop"), "reason to stop", stops);
  timing.warm_up_settled = read_bool(map.require("warm_up_settled"));
  timing.environment = read_environment(map.require("environment"));
  const SampleSummary summary = summary_of(timing);
  check_figure(map, "median_seconds", summary.median);
  check_figure(map, "lower_quartile_seconds", summary.lower_quartile);
  check_figure(map, "upper_quartile_seconds", summary.upper_quartile);
  map.finish();
  return timing;
}

MeasuredDevice read_device(const YamlNode& node) {
  MapReader map(node, "device");
  MeasuredDevice device{.name = read_string(map.require("name"))};
  const std::vector<YamlNode>& capability = items_of(map.require("compute_capability"));
  if (capability.size() != 2)
    throw InputError(node.location, "compute_capability has a major and a minor number");
  device.compute_capability_major = read_count(capability[0]);
  device.compute_capability_minor = read_count(capability[1]);
  device.multiprocessors = read_count(map.require("multiprocessors"));
  device.memory_bytes = read_positive(map.require("memory_bytes"));
  device.l2_bytes = read_amount(map.require("l2_bytes"));
  device.highest_sm_clock = read_amount(map.require("highest_sm_clock_hertz"));
  device.highest_memory_clock = read_amount(map.require("highest_memory_clock_hertz"));
  device.driver_version = read_string(map.require("driver_version"));
  device.cuda_driver = read_count(map.require("cuda_driver"));
  device.cuda_runtime = read_count(map.require("cuda_runtime"));
  device.cublas_version = read_string(map.require("cublas_version"));
  device.power_limit = read_amount(map.require("power_limit_watts"));
  device.ecc = read_bool(map.require("ecc"));
  device.mig = read_bool(map.require("mig"));
  device.persistence = read_bool(map.require("persistence"));
  map.finish();
  return device;
}

MeasuredShape read_shape(const YamlNode& node) {
  MapReader map(node, "shape");
  MeasuredShape shape;
  const auto read = [&](std::string_view key, double& size) {
    if (const YamlNode* value = map.find(key))
      size = static_cast<double>(read_integer(*value, 1, most_integer));
  };
  read("batch", shape.batch);
  read("sequence", shape.sequence);
  read("heads", shape.heads);
  read("head_size", shape.head_size);
  read("channels", shape.channels);
  read("vocabulary", shape.vocabulary);
  read("elements", shape.elements);
  map.finish();
  return shape;
}

MeasuredKernel read_kernel(const YamlNode& node) {
  MapReader map(node, "kernel");
  MeasuredKernel kernel{.name = read_string(map.require("name")),
                        .group = read_string(map.require("group")),
                        .kernel = read_string(map.require("kernel")),
                        .mode = read_one_of(map.require("mode"), "mode", timing_modes),
                        .shape = read_shape(map.require("shape")),
                        .flops = read_amount(map.require("flops")),
                        .bytes = read_amount(map.require("bytes")),
                        .blocks = read_amount(map.require("blocks")),
                        .resident_blocks = read_amount(map.require("resident_blocks")),
                        .timing = read_timing(map.require("timing"))};
  const bool recurrence = kernel.kernel.rfind("wkv", 0) == 0;
  if (recurrence && (kernel.shape.batch <= 0.0 || kernel.shape.sequence <= 0.0 ||
                     kernel.shape.heads + kernel.shape.channels <= 0.0))
    throw InputError(node.location, "the shape of a recurrence needs batch, sequence, and heads or channels");
  map.finish();
  return kernel;
}

MeasuredGemm read_gemm(const YamlNode& node) {
  MapReader map(node, "matrix product");
  const YamlNode& precision = map.require("precision");
  MeasuredGemm gemm{.name = read_string(map.require("name")),
                    .group = read_string(map.require("group")),
                    .pass = read_one_of(map.require("pass"), "pass", passes),
                    .precision = precision_named(read_string(precision), precision.location),
                    .mode = read_one_of(map.require("mode"), "mode", timing_modes),
                    .tokens = read_positive(map.require("tokens")),
                    .n = read_positive(map.require("n")),
                    .k = read_positive(map.require("k")),
                    .count = read_positive(map.require("count")),
                    .flops = read_positive(map.require("flops")),
                    .bytes = read_positive(map.require("bytes")),
                    .candidates = read_count(map.require("candidates")),
                    .chosen = read_count(map.require("chosen")),
                    .timing = read_timing(map.require("timing"))};
  map.finish();
  return gemm;
}

MeasuredLaunch read_launch(const YamlNode& node) {
  MapReader map(node, "launch");
  MeasuredLaunch launch{.mode = read_one_of(map.require("mode"), "mode", launch_modes),
                        .timing = read_timing(map.require("timing"))};
  map.finish();
  return launch;
}

MeasuredCollective read_collective(const YamlNode& node) {
  MapReader map(node, "collective");
  MeasuredCollective collective{.collective = static_cast<Collective>(
                                    read_word(map.require("collective"), "collective", collective_words)),
                                .library = read_string(map.require("library")),
                                .ranks = read_count(map.require("ranks"), 2),
                                .ranks_per_node = read_count(map.require("ranks_per_node"), 1),
                                .bytes = read_positive(map.require("bytes")),
                                .timing = read_timing(map.require("timing"))};
  check_figure(map, "bus_bandwidth_bytes_per_second",
               bus_bandwidth(collective.collective, collective.ranks, collective.bytes,
                             summary_of(collective.timing).median));
  map.finish();
  return collective;
}

MeasuredStep read_step(const YamlNode& node) {
  MapReader map(node, "step");
  MeasuredStep step{.model = read_string(map.require("model")),
                    .micro_batch = read_count(map.require("micro_batch"), 1),
                    .sequence = read_count(map.require("sequence"), 1),
                    .layers = read_count(map.require("layers"), 1),
                    .model_layers = read_count(map.require("model_layers"), 1),
                    .recompute = read_bool(map.require("recompute")),
                    .mode = read_one_of(map.require("mode"), "mode", launch_modes),
                    .launches = read_count(map.require("launches"), 1),
                    .optimizer_fraction = read_positive(map.require("optimizer_fraction")),
                    .seconds = read_positive(map.require("seconds")),
                    .predicted_seconds = read_amount(map.require("predicted_seconds"))};
  if (const YamlNode* estimated = map.find("estimated_seconds"))
    step.estimated_seconds = read_positive(*estimated);
  for (const YamlNode& item : items_of(map.require("parts"))) {
    MapReader part(item, "part");
    step.parts.push_back({.name = read_string(part.require("name")),
                          .launches = read_count(part.require("launches")),
                          .seconds = read_amount(part.require("seconds")),
                          .predicted_seconds = read_amount(part.require("predicted_seconds"))});
    part.finish();
  }
  step.timing = read_timing(map.require("timing"));
  map.finish();
  return step;
}

template <class Item>
void read_list(MapReader& map, std::string_view key, Item (*read)(const YamlNode&),
               std::vector<Item>& target) {
  for (const YamlNode& item : items_of(map.require(key)))
    target.push_back(read(item));
}

/// Says what the file is where it is not what is wanted.
void check_kind(MapReader& map) {
  constexpr std::string_view family = "trainbudget/measurement/";
  const YamlNode* schema = map.find("schema");
  const std::string found = schema == nullptr ? "" : read_string(*schema);
  if (found == measurement_schema) return;
  const Location where = schema == nullptr ? map.node().location : schema->location;
  if (found.rfind(family, 0) == 0) {
    throw InputError(where,
                     "format " + found.substr(family.size()) + " of a measurement; this program reads " +
                         std::string(measurement_schema.substr(family.size())),
                     "measure again with the trainbudget-microbench that belongs to this program");
  }
  throw InputError(where, "this is not a measurement",
                   "trainbudget-microbench run --out measurement.json writes one");
}

}  // namespace

Measurement read_measurement(const YamlNode& root) {
  MapReader map(root, "measurement");
  check_kind(map);
  Measurement measurement;
  MapReader producer(map.require("producer"), "producer");
  measurement.version = read_string(producer.require("version"));
  measurement.git_revision = read_string(producer.require("git_revision"));
  producer.finish();
  measurement.date = read_string(map.require("date"));
  measurement.machine = read_one_of(map.require("machine"), "machine", machines);
  measurement.effort = read_one_of(map.require("effort"), "effort", efforts);
  if (const YamlNode* note = map.find("note")) measurement.note = read_string(*note);
  measurement.interrupted = read_bool(map.require("interrupted"));
  measurement.device = read_device(map.require("device"));
  read_list(map, "kernels", &read_kernel, measurement.kernels);
  read_list(map, "gemms", &read_gemm, measurement.gemms);
  read_list(map, "launches", &read_launch, measurement.launches);
  read_list(map, "collectives", &read_collective, measurement.collectives);
  read_list(map, "steps", &read_step, measurement.steps);
  measurement.failures = read_strings(map.require("failures"));
  map.finish();
  return measurement;
}

Measurement read_measurement_file(const std::string& path) {
  return read_measurement(read_json_file(path));
}

}  // namespace trainbudget::io
