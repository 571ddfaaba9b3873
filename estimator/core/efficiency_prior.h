// Stated priors of efficiency, for a scenario that gives none: quantiles of published measurements of dense
// models by accelerator and number of accelerators, and what other precisions and mixtures of experts make of
// them. Data: hardware_profiles/efficiency/.
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
  std::vector<Precision> precisions;      ///< at which it was measured
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

/// What is made of a prior for training that it was not measured for, and what tells.
struct PriorFactor {
  Range six_n;   ///< of a utilisation by 6 FLOPs per parameter and token
  Range causal;  ///< of one with half of the attention matrix counted
  int configurations = 0;
  int publishers = 0;
  Provenance provenance;
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
  PriorFactor eight_bit;     ///< speed at 8 bits ÷ speed at 16, all else alike
  PriorFactor mixtures;      ///< utilisation of mixtures of experts ÷ that of dense models
  RunScatter around_priors;  ///< around steady_state
  RunScatter around_steps;   ///< around steps computed for an unknown software stack
};

/// What is asked of the priors.
struct PriorQuery {
  const Accelerator& accelerator;
  Precision precision;
  double gpus = 1.0;
  bool mixture_of_experts = false;
};

/// The first prior that fits; nothing where even the pooled ones do not (fp64, fp4), or the accelerator has
/// no such precision. Between the logarithmic middles of two neighbouring entries of one family the quantiles
/// go over from one to the other, so that no accelerator more makes a step; `rows` are then those of both,
/// `publishers` those of the one that has more. At fp8 the speed is `eight_bit` times that at 16 bits, at the
/// other peak: never twice for twice the peak.
std::optional<EfficiencyPrior> find_prior(const EfficiencyPriors& priors, const PriorQuery& query);

}  // namespace trainbudget
