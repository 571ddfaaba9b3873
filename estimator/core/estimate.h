// From a scenario to an estimate: the ledger and the totals drawn from it.
#pragma once

#include "core/ledger.h"
#include "core/quantity.h"
#include "core/scenario.h"
#include "core/step_plan.h"
#include "core/uncertainty.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// How deep the arithmetic goes; reported with every estimate and never mixed silently.
enum class Fidelity {
  rule,        ///< 6 × parameters × tokens at an assumed or given utilisation
  analytic,    ///< exact operations, roofline, memory, communication
  calibrated,  ///< the same with measured efficiencies
};

constexpr std::string_view name_of(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::rule:
      return "rule";
    case Fidelity::analytic:
      return "analytic";
    case Fidelity::calibrated:
      return "calibrated";
  }
  return "unknown";
}

/// When a run starts and ends. An end is absent where it lies beyond the year 9999.
struct RunDates {
  Date start;
  std::optional<Date> p10, p50, p90;  ///< the day in which the wall time ends
};

struct Estimate {
  std::string name;
  Fidelity fidelity = Fidelity::rule;
  std::string accelerator;        ///< profile name
  std::string accelerator_title;  ///< as the vendor prints it
  double gpus = 0.0;

  std::optional<MemoryFit> memory_fit;  ///< absent: the step is not computed

  Flops flops;
  double ideal_gpu_hours = 0.0;
  Range model_flops_utilization;
  Range gpu_hours;
  Range wall_time_seconds;
  std::optional<Range> cost_usd;       ///< absent: no price is known
  std::optional<Range> total_usd;      ///< with what was asked for besides; absent: nothing was, or no price
  std::optional<RunDates> dates;       ///< absent: no start is given
  std::optional<Range> energy_joules;  ///< absent: no power is known
  std::optional<Range> co2_grams;      ///< CO2e; absent: no energy or no grid is known

  std::vector<LedgerLine> ledger;  ///< in the order of the arithmetic
  std::vector<std::string> assumptions;
  std::vector<std::string> warnings;
};

/// FLOPs of training `parameters` on `tokens`: two for each parameter and token forward (multiply, add), four
/// backward (Kaplan et al. 2020, arXiv 2001.08361, section 2.1). Attention scores, recurrences and embeddings
/// are left out.
constexpr Flops training_flops(double parameters, Tokens tokens) {
  constexpr FlopsPerToken flops_per_parameter_and_token(6.0);
  return parameters * flops_per_parameter_and_token * tokens;
}

/// The estimate of `scenario`. Pure: the same scenario gives the same bits. Expects validated values
/// (positive parameters, tokens, GPUs and utilisation, and a peak at the precision), as io::read_scenario
/// makes them.
Estimate estimate(const Scenario& scenario);

/// What a budget must pay: the total where more than GPU-hours was asked for, else their cost.
inline const std::optional<Range>& bill_of(const Estimate& estimate) {
  return estimate.total_usd ? estimate.total_usd : estimate.cost_usd;
}

/// The line `id` of the ledger; nullptr where the estimate has none.
const LedgerLine* find_line(const Estimate& estimate, std::string_view id);

}  // namespace trainbudget
