// How a scenario's steps are computed: which work, on which machine, in which layout, at which efficiency.
#pragma once

#include "core/efficiency.h"
#include "core/memory.h"
#include "core/step_time.h"
#include "core/uncertainty.h"

#include <string>
#include <vector>

namespace trainbudget {

struct StepPlan {
  Workload workload;
  Machine machine;
  std::string cluster;
  Layout layout;
  Provenance layout_provenance;
  double global_batch = 0.0;  ///< sequences
  Provenance global_batch_provenance;
  EfficiencyProfile profile;
};

struct StepEstimate {
  StepTime time;  ///< of the median
  Range seconds;  ///< of one step
  Range model_flops_utilization;
  MemoryUse memory;
  bool fits = false;
};

/// Expects a layout without layout_problem().
StepEstimate estimate_step(const StepPlan& plan);

/// Standard deviation of ln(measured ÷ predicted) of a step with this workload: mixtures of experts scatter
/// more.
double step_time_spread(const EfficiencyProfile& profile, const Workload& workload);

/// One change to a layout that does not fit, and what it does.
struct FitAdvice {
  std::string change;
  double memory_bytes = 0.0;  ///< of the fullest accelerator after it
  double step_seconds = 0.0;
};

/// Changes after which the plan fits, the cheapest in time first. Empty where it fits already, and where no
/// single change helps.
std::vector<FitAdvice> fit_advice(const StepPlan& plan);

}  // namespace trainbudget
