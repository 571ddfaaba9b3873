// A whole plan, timing by timing, so that nothing that was measured is lost however it ends.
#pragma once

#include "harness/session.h"

#include <functional>
#include <string>
#include <vector>

namespace trainbudget::microbench {

struct PlanOutcome {
  bool device_works = true;        ///< false: the GPU answers no more, and the rest was left out
  std::vector<std::string> empty;  ///< groups of which nothing could be measured
  bool complete() const { return device_works && empty.empty(); }
};

/// Measures the items of `plan` in order. `between(done)` is called before each. Ends early where the session
/// is interrupted, and where the device works no more after a failure, which the failures of `measurement`
/// then tell. A single failure is no reason to stop: a GPU may lack one precision.
PlanOutcome carry_out(const RunPlan& plan, Session& session, trainbudget::Measurement& measurement,
                      const std::function<void(std::size_t)>& between);

/// Writes a measurement that still grows, marked as interrupted, at most every `period` seconds.
class Keeper {
 public:
  using Write = std::function<void(const trainbudget::Measurement&)>;
  Keeper(double period, Write write, std::function<double()> now = monotonic_seconds);

  void keep(trainbudget::Measurement& measurement);

 private:
  double period_;
  Write write_;
  std::function<double()> now_;
  double written_;
};

}  // namespace trainbudget::microbench
