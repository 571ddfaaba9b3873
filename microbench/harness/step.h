// Runs a composed step: every launch on its own first, then all of them in sequence.
#pragma once

#include "harness/session.h"
#include "plan/composition.h"

namespace trainbudget::microbench {

struct StepRun {
  std::string model;
  ModelOps ops;
  int model_layers = 0;
  StepRequest request;
  StepComposition composition;
};

/// Measures the single launches that `run` needs and `measurement` does not hold yet, then the step, eager
/// and as a graph, and adds both as steps. `report(done, total)` is called between timings. Ends early where
/// the session is interrupted. Throws std::runtime_error where a launch of the step cannot be run.
void measure_step(Session& session, const StepRun& run, trainbudget::Measurement& measurement,
                  const std::function<void(std::size_t, std::size_t)>& report);

}  // namespace trainbudget::microbench
