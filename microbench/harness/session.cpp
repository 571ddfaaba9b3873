#include "harness/session.h"

#include "harness/workset.h"

#include <algorithm>

namespace trainbudget::microbench {

namespace {

// Enough for the rate at which one more launch is queued, few enough for any queue.
constexpr std::size_t counted_launches = 1000;
// Seconds over which clock and power are compared before the first timing.
constexpr double settling_window = 2.0;

/// A sequence as something that is timed: one sample is one run of it, divided by `launches`.
class SequenceTimer final : public Timer {
 public:
  SequenceTimer(Sequence& sequence, double launches) : sequence_(sequence), launches_(launches) {}
  double sample() override { return sequence_.sample() / launches_; }
  double now() override { return monotonic_seconds(); }

 private:
  Sequence& sequence_;
  double launches_;
};

MeasuredEnvironment environment_of(const EnvironmentSummary& s) {
  return {.readings = static_cast<int>(s.readings),
          .lowest_sm_clock = s.lowest_sm_clock,
          .mean_sm_clock = s.mean_sm_clock,
          .mean_memory_clock = s.mean_memory_clock,
          .mean_power = s.mean_power,
          .highest_temperature = s.highest_temperature,
          .clock_reasons = s.reasons,
          .other_processes = s.other_processes};
}

Precision precision_of(GemmPrecision precision) {
  switch (precision) {
    case GemmPrecision::bf16:
      return Precision::bf16;
    case GemmPrecision::fp16:
      return Precision::fp16;
    case GemmPrecision::tf32:
      return Precision::tf32;
    case GemmPrecision::fp8:
      return Precision::fp8;
  }
  return Precision::bf16;
}

/// What draws much power for long, back to back.
bool is_heavy(const Planned& item) {
  return item.mode == TimingMode::repeated && (item.task.is_gemm() || item.group == "stream");
}

SessionLimits heavier(SessionLimits limits) {
  const auto raise = [&](double& seconds) { seconds = std::max(seconds, limits.heavy_seconds); };
  raise(limits.warm_up.least_seconds);
  raise(limits.stopping.least_seconds);
  return limits;
}

/// The launch of several that fills the GPU most.
LaunchSize fullest(const std::vector<LaunchSize>& sizes) {
  LaunchSize found;
  for (const LaunchSize& size : sizes) {
    // blocks ÷ resident is the number of waves.
    if (found.blocks == 0.0 || size.blocks * found.resident_blocks > found.blocks * size.resident_blocks)
      found = size;
  }
  return found;
}

}  // namespace

SessionLimits quick_limits() {
  return {.warm_up = {.least_seconds = 0.05, .most_seconds = 1.0},
          .stopping = {.least_seconds = 0.1, .most_seconds = 2.0},
          .heavy_seconds = 0.5,
          .device_warm_up_seconds = 5.0,
          .most_device_warm_up_seconds = 15.0};
}

SessionLimits full_limits() {
  return {.heavy_seconds = 0.5, .device_warm_up_seconds = 20.0, .most_device_warm_up_seconds = 60.0};
}

SessionLimits emulated_limits() {
  return {.warm_up = {.least_seconds = 0.0, .most_seconds = 0.02, .window = 1},
          .stopping = {.least_samples = 3, .least_seconds = 0.0, .noise_from = 4, .most_seconds = 0.02}};
}

MeasuredTiming timing_of(const Measurement& measured, const std::vector<Reading>& readings) {
  MeasuredTiming timing{.samples = measured.seconds(),
                        .stop = std::string(name_of(measured.stop)),
                        .warm_up_settled = measured.warm_up_settled};
  if (measured.samples.empty()) return timing;
  timing.environment =
      environment_of(summarize(readings, measured.samples.front().begin, measured.samples.back().end));
  for (std::size_t i = 0; i < measured.samples.size(); ++i) {
    const Sample& sample = measured.samples[i];
    if (throttled(readings, sample.begin, sample.end)) timing.throttled.push_back(static_cast<int>(i));
  }
  return timing;
}

Session::Session(Device& device, const SessionLimits& limits, const std::atomic<bool>& interrupted)
    : device_(device), limits_(limits), interrupted_(interrupted), l2_bytes_(device.description().l2_bytes) {
  if (ReadingSource* source = device.readings())
    monitor_ = std::make_unique<Monitor>(*source, limits.reading_seconds);
}

void Session::warm_device(const std::vector<Planned>& plan) {
  if (limits_.device_warm_up_seconds <= 0.0) return;
  // Nothing draws as much power as matrix products. What the device cannot do is told where it is measured.
  for (const bool ceilings : {true, false}) {
    for (const Planned& work : plan) {
      if (work.group == "launch" || (work.group == "ceiling") != ceilings) continue;
      try {
        warm_device(work);
        device_.forget_choices();
        return;
      } catch (const std::exception&) {
        continue;
      }
    }
  }
}

void Session::warm_device(const Planned& work) {
  const Workset workset(device_, work.task, work.precision, least_bytes());
  const double start = monotonic_seconds();
  const auto timer =
      device_.timer([&](std::size_t set) { workset.launch(set, {}); }, workset.sets(), TimingMode::repeated);
  const auto warm = [&](double elapsed) {
    if (elapsed < limits_.device_warm_up_seconds) return false;
    return elapsed >= limits_.most_device_warm_up_seconds || !monitor_ ||
           settled(monitor_->readings_since(start), settling_window);
  };
  while (!interrupted_ && !warm(monotonic_seconds() - start))
    timer->sample();
}

bool still_works(Device& device) {
  try {
    device.machine().synchronize();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

MeasuredTiming Session::time(Timer& timer, const SessionLimits& limits) {
  // A session of an hour has many readings, a timing needs those around it.
  const double since = monotonic_seconds() - 2.0 * limits.reading_seconds;
  const Measurement measured = microbench::measure(timer, limits.warm_up, limits.stopping, interrupted_);
  return timing_of(measured, monitor_ ? monitor_->readings_since(since) : std::vector<Reading>{});
}

MeasuredTiming Session::time(Sequence& sequence, double launches) {
  SequenceTimer timer(sequence, launches);
  return time(timer);
}

void Session::measure(const Planned& item, trainbudget::Measurement& measurement) {
  try {
    if (item.group == "launch") {
      measure_launch(item, measurement);
    } else {
      measure_task(item, measurement);
    }
  } catch (const std::exception& error) {
    measurement.failures.push_back(item.name() + ": " + error.what());
  }
}

void Session::measure_task(const Planned& item, trainbudget::Measurement& measurement) {
  const Task& task = item.task;
  const Workset workset(device_, task, item.precision, least_bytes());
  const auto timer =
      device_.timer([&](std::size_t set) { workset.launch(set, {}); }, workset.sets(), item.mode);
  MeasuredTiming timing = time(*timer, is_heavy(item) ? heavier(limits_) : limits_);
  if (timing.samples.empty()) return;
  if (task.is_gemm()) {
    const auto size = [](std::int64_t value) { return static_cast<double>(value); };
    measurement.gemms.push_back({.name = item.name(),
                                 .group = item.group,
                                 .pass = std::string(name_of(task.gemm.pass)),
                                 .precision = precision_of(item.precision),
                                 .mode = std::string(name_of(item.mode)),
                                 .tokens = size(task.gemm.tokens),
                                 .n = size(task.gemm.n),
                                 .k = size(task.gemm.k),
                                 .count = size(task.gemm.count),
                                 .flops = task.flops,
                                 .bytes = task.bytes,
                                 .candidates = workset.candidates(),
                                 .chosen = workset.chosen(),
                                 .timing = std::move(timing)});
    return;
  }
  std::vector<LaunchSize> sizes;
  workset.launch(0, {.sizes = &sizes});
  const LaunchSize size = fullest(sizes);
  measurement.kernels.push_back({.name = item.name(),
                                 .group = item.group,
                                 .kernel = task.kernel,
                                 .mode = std::string(name_of(item.mode)),
                                 .shape = sizes_used(task.kernel, task.shape),
                                 .flops = task.flops,
                                 .bytes = task.bytes,
                                 .blocks = size.blocks,
                                 .resident_blocks = size.resident_blocks,
                                 .timing = std::move(timing)});
}

void Session::measure_launch(const Planned& item, trainbudget::Measurement& measurement) {
  const std::vector<Queue> launches(counted_launches, device_.empty_launch());
  const auto sequence = device_.sequence({{"launch", launches}}, item.launches);
  MeasuredTiming timing = time(*sequence, static_cast<double>(counted_launches));
  if (!timing.samples.empty())
    measurement.launches.push_back({std::string(name_of(item.launches)), std::move(timing)});
}

}  // namespace trainbudget::microbench
