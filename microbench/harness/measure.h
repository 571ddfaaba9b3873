// Takes samples until the stopping rule is content. Knows no GPU: what is timed, and how, comes in through
// Timer, so the loop is tested with a clock of its own.
#pragma once

#include "harness/statistics.h"
#include "harness/stopping_rule.h"

#include <atomic>
#include <string_view>
#include <vector>

namespace trainbudget::microbench {

/// One thing that can be run and timed over and over.
class Timer {
 public:
  virtual ~Timer() = default;
  /// Runs the work once, as it is to be measured, and returns the seconds it took on the device.
  virtual double sample() = 0;
  /// Seconds of wall-clock time.
  virtual double now() = 0;
};

enum class TimingMode : std::uint8_t {
  cold,      ///< one launch after the L2 cache was overwritten
  repeated,  ///< launches back to back over rotating buffers, as in a step
};

constexpr std::string_view name_of(TimingMode mode) {
  return mode == TimingMode::cold ? "cold" : "repeated";
}

struct WarmUp {
  double least_seconds = 0.2;
  double most_seconds = 10.0;
  std::size_t window = 8;       ///< samples whose median is compared with that of the window before
  double steady_within = 0.01;  ///< relative change between windows that counts as settled
};

/// The mean of as many runs, one after the other, as make it long enough.
struct Sample {
  double seconds = 0.0;
  double begin = 0.0, end = 0.0;  ///< wall-clock time around it
};

struct Measurement {
  std::vector<Sample> samples;
  double warm_up_seconds = 0.0;
  bool warm_up_settled = false;
  Stop stop = Stop::not_yet;

  std::vector<double> seconds() const;
};

/// Warms up until two windows of samples agree, then samples until the rule stops or `interrupted` becomes
/// true. An interrupted measurement holds what there was. A sample takes at least a fiftieth of the shortest
/// measurement, so that short work leaves no more samples behind than long work.
Measurement measure(Timer& timer, const WarmUp& warm_up, const StoppingLimits& limits,
                    const std::atomic<bool>& interrupted);

}  // namespace trainbudget::microbench
