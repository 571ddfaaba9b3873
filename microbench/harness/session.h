// Carries out planned timings on a device and keeps them as a measurement.
#pragma once

#include "harness/device.h"
#include "plan/run_plan.h"

#include <atomic>
#include <memory>

namespace trainbudget::microbench {

struct SessionLimits {
  WarmUp warm_up;
  StoppingLimits stopping;
  /// Matrix products and memory streams run at least so long before they are timed, and again while they are:
  /// in bursts of a tenth of a second they run at clocks that power does not allow for long.
  double heavy_seconds = 0.0;
  /// Of work before the first timing, for clocks and temperature; then on until clock and power come to rest.
  double device_warm_up_seconds = 0.0, most_device_warm_up_seconds = 0.0;
  double reading_seconds = 0.05;  ///< between two looks at clocks and power
};
SessionLimits quick_limits();
SessionLimits full_limits();
/// For the emulated machine: a few samples each.
SessionLimits emulated_limits();

class Session {
 public:
  /// `interrupted` ends timings early; what was sampled until then is kept.
  Session(Device& device, const SessionLimits& limits, const std::atomic<bool>& interrupted);

  /// Works the device with the first ceiling of `plan` that it can run, else with anything, until it is warm.
  void warm_device(const std::vector<Planned>& plan);

  /// Adds the timing of `item` to `measurement`, or the reason why there is none to its failures.
  void measure(const Planned& item, trainbudget::Measurement& measurement);

  /// Samples of `timer` with what else the GPU did meanwhile; without a sample where it was interrupted
  /// before the first.
  MeasuredTiming time(Timer& timer) { return time(timer, limits_); }
  MeasuredTiming time(Sequence& sequence, double launches = 1.0);

  Device& device() { return device_; }
  bool interrupted() const { return interrupted_; }
  /// Data of a workset that no cache holds.
  double least_bytes() const { return 2.0 * l2_bytes_; }

 private:
  MeasuredTiming time(Timer& timer, const SessionLimits& limits);
  void warm_device(const Planned& work);
  void measure_task(const Planned& item, trainbudget::Measurement& measurement);
  void measure_launch(const Planned& item, trainbudget::Measurement& measurement);

  Device& device_;
  SessionLimits limits_;
  const std::atomic<bool>& interrupted_;
  double l2_bytes_ = 0.0;
  std::unique_ptr<Monitor> monitor_;
};

/// Whether the device can go on after a failure: an illegal access ends its context for good.
bool still_works(Device& device);

/// The figures of the harness as those of a file; samples under throttling are marked.
MeasuredTiming timing_of(const Measurement& measured, const std::vector<Reading>& readings);

}  // namespace trainbudget::microbench
