// A whole training step as its sequence of launches, and what single launches predict for it.
#pragma once

#include "plan/run_plan.h"

#include <functional>

namespace trainbudget::microbench {

struct StepItem {
  std::string part;  ///< "backward wkv": the pass, and what kind of work
  Task task;         ///< one launch
  bool per_layer = true;
};

struct StepRequest {
  Batch batch;
  int layers = 0;  ///< composed: the first of the model
  bool recompute = true;
  double optimizer_parameters = 0.0;  ///< of one optimizer step here
};

struct StepComposition {
  std::vector<StepItem> items;  ///< in order of execution
  std::vector<std::string> uncovered;
  double layer_factor = 1.0;      ///< layers of the model ÷ composed ones
  double optimizer_factor = 1.0;  ///< parameters of the model ÷ updated ones
};

/// Embedding and layers forward, head and loss both ways, layers backward (each after its own forward pass
/// again under `recompute`), the embedding's norm backward, optimizer.
StepComposition compose_step(const ModelOps& ops, const StepRequest& request);

/// Parts in order of their first launch, each with the seconds that `single` gives for its launches and, in
/// `seconds`, none yet. `single` returns the seconds of one launch of a task.
std::vector<MeasuredPart> predicted_parts(const StepComposition& step,
                                          const std::function<double(const Task&)>& single);

/// Parts of the layers and of the optimizer, scaled to the whole model.
std::vector<MeasuredPart> scaled_to_model(const StepComposition& step, std::vector<MeasuredPart> parts);

/// The whole model's seconds from those of the composed launches: `seconds` of all of them, less what the
/// parts took, more what they take at full size.
double scaled_seconds(const StepComposition& step, double seconds, const std::vector<MeasuredPart>& parts);

/// Does a prediction miss by more than 5 %?
bool disagrees(double measured, double predicted);

}  // namespace trainbudget::microbench
