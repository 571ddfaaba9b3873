// One run to be estimated: what is trained, on what, at which price. Every number with its provenance.
#pragma once

#include "core/budget.h"
#include "core/carbon.h"
#include "core/date.h"
#include "core/hardware.h"
#include "core/own.h"
#include "core/power.h"
#include "core/price_drift.h"
#include "core/provenance.h"
#include "core/quantity.h"
#include "core/recipe.h"
#include "core/reliability.h"
#include "core/simulation.h"
#include "core/step_plan.h"
#include "core/uncertainty.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

/// A range of values and where it came from.
using SourcedRange = Sourced<Range>;

/// FLOPs of a known architecture, counted operation by operation (core/model_summary.h).
struct CountedFlops {
  std::string model;
  FlopsPerToken forward;  ///< per token of the main stream
  FlopsPerToken backward;
  Provenance provenance;
};

/// What is trained, operation by operation.
struct TrainedModel {
  Model model;
  Sequence sequence;
  Recipe recipe;
  double trained_parameters = 0.0;  ///< fewer than the model has where weights are frozen
};

struct Scenario {
  std::string name;
  Sourced<double> parameters;           ///< trained parameters N
  std::optional<CountedFlops> counted;  ///< absent: the rule of thumb
  std::optional<TrainedModel> model;    ///< absent: only its size is known
  std::optional<StepPlan> step;         ///< absent: utilisation is given or a prior
  Sourced<Tokens> tokens;               ///< training tokens D
  Accelerator accelerator;
  Sourced<double> gpus;                             ///< accelerators held for the whole run
  Sourced<Precision> precision;                     ///< of the matrix products
  SourcedRange model_flops_utilization;             ///< fractions in (0, 1]
  std::optional<SourcedRange> run_scatter;          ///< a factor of it; absent: its range says all
  SourcedRange whole_run_fraction;                  ///< in (0, 1]; where `reliability` is absent
  std::optional<Reliability> reliability;           ///< what a whole run loses; absent: it is given
  std::optional<Simulation> simulation;             ///< absent: nothing is simulated
  std::optional<Date> start;                        ///< first day of the run; absent: nothing is dated
  std::optional<SourcedRange> start_delay_seconds;  ///< wait for accelerators from that day; absent: none
  std::optional<SourcedRange> price;                ///< US dollars per GPU-hour; absent: unknown
  std::optional<PriceCourse> price_course;          ///< absent: one price for the whole run
  std::optional<PriceDrift> price_drift;            ///< absent: the price is given, and is what is paid
  std::optional<Commitment> commitment;
  std::optional<Provenance> capacity_blocks;  ///< hours are sold in whole blocks, as capacity_block_seconds()
  std::optional<OwnedHardware> own;           ///< instead of renting; `price` is then what rent would be
  ExtraCosts extras;
  std::optional<PowerModel> power;                ///< absent: unknown
  std::optional<CarbonModel> carbon;              ///< absent: the grid is unknown
  std::optional<Sourced<double>> used_gpu_hours;  ///< what a finished run really used, for comparison

  std::vector<std::string> assumptions;  ///< what had to be assumed to build this scenario, for the report
  std::vector<std::string> warnings;
};

/// Accelerators that are paid while the run goes on: those that work, and spares.
constexpr double paid_gpus(const Scenario& scenario) {
  const bool spares = scenario.reliability && scenario.reliability->spare_gpus;
  return scenario.gpus.value + (spares ? scenario.reliability->spare_gpus->value : 0.0);
}

/// Parameters that a checkpoint holds: all that are trained, routed experts included.
constexpr double saved_parameters(const Scenario& scenario) {
  return scenario.model ? scenario.model->trained_parameters : scenario.parameters.value;
}

}  // namespace trainbudget
