// Stated priors of efficiency, for a scenario that gives none: quantiles of published measurements by
// accelerator, precision and number of accelerators. Data: hardware_profiles/efficiency/.
#pragma once

#include "core/hardware.h"
#include "core/provenance.h"
#include "core/uncertainty.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

struct EfficiencyPrior {
  std::vector<Precision> precisions;
  std::vector<std::string> accelerators;  ///< empty: any
  double least_gpus = 1.0;
  double most_gpus = 0.0;  ///< 0: no limit
  Range six_n;             ///< utilisation by 6 FLOPs per parameter and token, steady state
  Range causal;            ///< the same with half of the attention matrix counted
  int rows = 0;            ///< published measurements behind it
  int publishers = 0;
  std::string note;

  bool is_pooled() const { return accelerators.empty(); }
};

/// How whole runs lie around what was predicted for them without knowing their software.
struct RunScatter {
  Sourced<Range> factor;  ///< of the predicted utilisation (core/run_scatter.h has that of hours)
  int runs = 0;           ///< behind it
  int publishers = 0;     ///< of these
};

struct EfficiencyPriors {
  std::vector<EfficiencyPrior> steady_state;  ///< the first that fits is taken
  Provenance steady_state_provenance;
  RunScatter around_priors;  ///< around steady_state
  RunScatter around_steps;   ///< around steps computed for an unknown software stack
};

/// The first prior for `accelerator` at `precision` on `gpus` of them; nothing where even the pooled ones do
/// not cover it (fp64, fp4). Between the logarithmic middles of two neighbouring entries of one family the
/// quantiles go over from one to the other, so that no accelerator more makes a step; `rows` are then those
/// of both, `publishers` those of the one that has more.
std::optional<EfficiencyPrior> find_prior(const EfficiencyPriors& priors, std::string_view accelerator,
                                          Precision precision, double gpus);

}  // namespace trainbudget
