#include "render/measurement_report.h"

#include "core/measured_efficiency.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace trainbudget::render {
namespace {

constexpr double agreement = 0.05;  ///< of a prediction from single launches

Cell microseconds(double seconds) {
  return Cell::of(fmt::format("{:.2f}", 1e6 * seconds), seconds);
}
Cell percent(double fraction) {
  return Cell::of(fmt::format("{:.1f} %", 100.0 * fraction), fraction);
}

/// What was done per second, against what could be.
struct Rate {
  Cell shown = Cell::unknown();
  double fraction = 0.0;        ///< of the datasheet; zero where it is not known
  double clock_fraction = 0.0;  ///< of the clock that the datasheet counts with; zero where it is not known
};

double ratio_of_known(double seen, double counted) {
  return seen > 0.0 && counted > 0.0 ? seen / counted : 0.0;
}

Rate rate_of(const MeasuredGemm& gemm, double seconds, const Accelerator* accelerator) {
  const double rate = gemm.flops / seconds;
  Rate result{Cell::of(fmt::format("{:.1f} TFLOP/s", 1e-12 * rate), rate)};
  if (accelerator != nullptr) {
    if (const auto* peak = find_peak(accelerator->peak, gemm.precision))
      result.fraction = rate / peak->value.value;
    if (accelerator->peak_clock) {
      result.clock_fraction =
          ratio_of_known(gemm.timing.environment.mean_sm_clock, accelerator->peak_clock->value.value);
    }
  }
  return result;
}

Rate rate_of(const MeasuredKernel& kernel, const MeasuredDevice& device, double seconds,
             const Accelerator* accelerator) {
  if (kernel.bytes <= 0.0) return {};
  const double rate = kernel.bytes / seconds;
  Rate result{Cell::of(fmt::format("{:.1f} GB/s", 1e-9 * rate), rate)};
  if (accelerator != nullptr) result.fraction = rate / accelerator->memory_bandwidth.value.value;
  result.clock_fraction =
      ratio_of_known(kernel.timing.environment.mean_memory_clock, device.highest_memory_clock);
  return result;
}

std::string remarks_of(const MeasuredTiming& timing) {
  std::string text;
  const auto add = [&](const std::string& remark) { text += (text.empty() ? "" : "; ") + remark; };
  if (!timing.warm_up_settled) add("warm-up did not settle");
  if (timing.stop == "out_of_samples")
    add(fmt::format("still noisy after {} samples", timing.samples.size()));
  if (timing.stop == "out_of_time") add("still noisy when its time was up");
  if (timing.stop == "interrupted") add("interrupted");
  if (!timing.throttled.empty())
    add(fmt::format("{} of {} samples throttled", timing.throttled.size(), timing.samples.size()));
  if (timing.environment.other_processes > 0)
    add(fmt::format("{} other processes", timing.environment.other_processes));
  return text;
}

void add_row(Table& table, const std::string& name, const MeasuredTiming& timing, const Rate& rate,
             double tokens) {
  const SampleSummary summary = summary_of(timing);
  const double joules = tokens > 0.0 ? timing.environment.mean_power * summary.median / tokens : 0.0;
  table.rows.push_back(
      {Cell::of(name), microseconds(summary.median), percent(summary.relative_spread),
       Cell::of(fmt::format("{}", summary.count), static_cast<double>(summary.count)), rate.shown,
       rate.fraction > 0.0 ? percent(rate.fraction) : Cell::unknown(),
       rate.fraction > 0.0 && rate.clock_fraction > 0.0 ? percent(rate.fraction / rate.clock_fraction)
                                                        : Cell::unknown(),
       joules > 0.0 ? Cell::of(fmt::format("{:.3g}", 1e6 * joules), joules) : Cell::unknown(),
       Cell::of(remarks_of(timing))});
}

}  // namespace

Table measurement_table(const Measurement& m, const Accelerator* accelerator) {
  Table table{.columns = {{"name", "Timing"},
                          {"median_seconds", "Median (µs)", true},
                          {"relative_spread", "Spread", true},
                          {"samples", "Samples", true},
                          {"rate_per_second", "Rate", true},
                          {"fraction_of_datasheet", "Of datasheet", true},
                          {"fraction_at_clock", "At its clock", true},
                          {"joules_per_token", "µJ per token", true},
                          {"remarks", "Remarks"}}};
  for (const MeasuredGemm& gemm : m.gemms) {
    add_row(table, gemm.name, gemm.timing, rate_of(gemm, summary_of(gemm.timing).median, accelerator),
            gemm.tokens);
  }
  for (const MeasuredKernel& kernel : m.kernels) {
    add_row(table, kernel.name, kernel.timing,
            rate_of(kernel, m.device, summary_of(kernel.timing).median, accelerator),
            kernel.shape.batch * kernel.shape.sequence);
  }
  for (const MeasuredLaunch& launch : m.launches)
    add_row(table, "launch " + launch.mode, launch.timing, {}, 0.0);
  return table;
}

Table collective_table(const Measurement& m) {
  Table table{.columns = {{"collective", "Collective"},
                          {"ranks", "Ranks", true},
                          {"ranks_per_node", "A node", true},
                          {"bytes", "Bytes", true},
                          {"median_seconds", "Median (µs)", true},
                          {"relative_spread", "Spread", true},
                          {"algorithm_bandwidth_bytes_per_second", "Algorithm (GB/s)", true},
                          {"bus_bandwidth_bytes_per_second", "Bus (GB/s)", true},
                          {"remarks", "Remarks"}}};
  const auto gigabytes = [](double rate) { return Cell::of(fmt::format("{:.2f}", 1e-9 * rate), rate); };
  for (const MeasuredCollective& each : m.collectives) {
    const SampleSummary summary = summary_of(each.timing);
    table.rows.push_back(
        {Cell::of(std::string(name_of(each.collective))), Cell::of(std::to_string(each.ranks), each.ranks),
         Cell::of(std::to_string(each.ranks_per_node), each.ranks_per_node),
         Cell::of(fmt::format("{:.0f}", each.bytes), each.bytes), microseconds(summary.median),
         percent(summary.relative_spread), gigabytes(each.bytes / summary.median),
         gigabytes(bus_bandwidth(each.collective, each.ranks, each.bytes, summary.median)),
         Cell::of(remarks_of(each.timing))});
  }
  return table;
}

Table recurrence_table(const Measurement& m) {
  Table table{.columns = {{"kernel", "Recurrence"},
                          {"heads", "B·H", true},
                          {"sequence_tokens", "T", true},
                          {"seconds", "Time (µs)", true},
                          {"seconds_per_step", "Per time step (µs)", true},
                          {"waves", "Waves", true},
                          {"head_tokens_per_second", "Heads · tokens/s", true},
                          {"remarks", "Remarks"}}};
  const Accelerator unnamed;
  for (const WkvTable& wkv : recurrences_of(m, unnamed.name)) {
    const WkvPoint best = sweet_spot(wkv);
    for (const WkvPoint& point : wkv.points) {
      const double waves = wkv_waves(wkv, point.heads);
      const double rate = point.heads * point.sequence / point.seconds;
      const bool sweet = point.heads == best.heads && point.sequence == best.sequence;
      table.rows.push_back({Cell::of(fmt::format("{} ×{:.0f}", wkv.kernel, wkv.head_size)),
                            Cell::of(fmt::format("{:.0f}", point.heads), point.heads),
                            Cell::of(fmt::format("{:.0f}", point.sequence), point.sequence),
                            microseconds(point.seconds), microseconds(point.seconds / point.sequence),
                            waves > 0.0 ? Cell::of(fmt::format("{:.0f}", waves), waves) : Cell::unknown(),
                            Cell::of(fmt::format("{:.3g}", rate), rate),
                            Cell::of(sweet ? "sweet spot" : "")});
    }
  }
  return table;
}

Table step_table(const MeasuredStep& step) {
  Table table{.columns = {{"part", "Part"},
                          {"launches", "Launches", true},
                          {"seconds", "In sequence (ms)", true},
                          {"predicted_seconds", "Predicted (ms)", true},
                          {"ratio", "Predicted ÷ measured", true},
                          {"remarks", "Remarks"}}};
  const auto add = [&](const std::string& name, int launches, double seconds, double predicted) {
    const double ratio = seconds > 0.0 ? predicted / seconds : 0.0;
    table.rows.push_back({Cell::of(name), Cell::of(fmt::format("{}", launches), launches),
                          Cell::of(fmt::format("{:.3f}", 1e3 * seconds), seconds),
                          Cell::of(fmt::format("{:.3f}", 1e3 * predicted), predicted),
                          seconds > 0.0 ? Cell::of(fmt::format("{:.3f}", ratio), ratio) : Cell::unknown(),
                          Cell::of(std::abs(ratio - 1.0) > agreement ? "off by more than 5 %" : "")});
  };
  for (const MeasuredPart& part : step.parts)
    add(part.name, part.launches, part.seconds, part.predicted_seconds);
  add("whole step", step.launches, step.seconds, step.predicted_seconds);
  return table;
}

}  // namespace trainbudget::render
