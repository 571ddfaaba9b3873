// What `run` measures, in which order: memory streams, ceilings of matrix products, launches, every operation
// of the chosen models at their own shapes, recurrences over batch × heads × sequence, and everything of cold
// caches. A run that is cut short has what a profile needs first.
#pragma once

#include "harness/device.h"

#include <string>
#include <vector>

namespace trainbudget::microbench {

struct PlannedModel {
  std::string name;
  ModelOps ops;
};

/// One timing.
struct Planned {
  std::string group;  ///< "stream", "ceiling", "wkv_sweep", "launch", or the model's name
  Task task;
  GemmPrecision precision = GemmPrecision::bf16;
  TimingMode mode = TimingMode::repeated;
  LaunchMode launches = LaunchMode::eager;  ///< of the group "launch"

  /// Unique in a plan: "wkv7_backward B8 T4096 H32x64 repeated".
  std::string name() const;
};

/// Recurrences over all of these.
struct Sweep {
  std::vector<std::int64_t> batches, heads, sequences;
};

/// How large the parts are that belong to no model.
struct PlanSizes {
  std::int64_t stream_elements = 0;
  std::int64_t ceiling = 0;  ///< edge of the square products
  /// Widths of products as deep as those and four times as long: how the rate falls with size, whatever sizes
  /// the models have, in products long enough for the cost of a launch not to show. In bf16 and fp8.
  std::vector<std::int64_t> widths;
  std::vector<Sweep> sweeps;      ///< the most telling first; what is in two of them is measured once
  double most_sweep_state = 0.0;  ///< heads × tokens of one launch at most, which its memory grows with
  std::vector<GemmPrecision> precisions;
  bool cold = true;  ///< time each launch after a flush of the cache as well
};

/// A few minutes on a GPU, or the better part of an hour.
PlanSizes quick_sizes();
PlanSizes full_sizes();
/// For the emulated machine: seconds on a CPU.
PlanSizes emulated_sizes();

struct RunPlan {
  std::vector<Planned> items;          ///< no two of one name
  std::vector<std::string> uncovered;  ///< "rwkv-6-3b: time_mix.shift": operations that no kernel here does
};
RunPlan run_plan(const std::vector<PlannedModel>& models, const Batch& batch, const PlanSizes& sizes);

/// Parameters that an optimizer updates.
double trained_parameters(const ModelOps& ops);

}  // namespace trainbudget::microbench
