// How a scenario's steps are computed: which work, on which machine, in which layout, at which efficiency.
#pragma once

#include "core/efficiency.h"
#include "core/memory.h"
#include "core/quantile.h"
#include "core/step_time.h"
#include "core/uncertainty.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

struct StepPlan {
  Workload workload;
  Machine machine;
  std::string cluster;
  Layout layout;
  Provenance layout_provenance;
  Quantile fit = Quantile::p50;  ///< of the memory: what had to fit where the layout was chosen
  double global_batch = 0.0;     ///< sequences
  Provenance global_batch_provenance;
  EfficiencyProfile profile;
};

/// What the range of the fullest accelerator's memory says of its capacity.
enum class MemoryFit : std::uint8_t {
  fits,               ///< P90 does
  probably_fits,      ///< P50 does, P90 does not
  probably_does_not,  ///< P10 does, P50 does not
  does_not,           ///< P10 does not
};

constexpr std::string_view name_of(MemoryFit fit) {
  switch (fit) {
    case MemoryFit::fits:
      return "fits";
    case MemoryFit::probably_fits:
      return "probably fits";
    case MemoryFit::probably_does_not:
      return "probably does not fit";
    case MemoryFit::does_not:
      return "does not fit";
  }
  return "unknown";
}

/// Expects quantiles in bytes.
constexpr MemoryFit memory_fit(Range bytes, double capacity) {
  if (bytes.p90 <= capacity) return MemoryFit::fits;
  if (bytes.p50 <= capacity) return MemoryFit::probably_fits;
  return bytes.p10 <= capacity ? MemoryFit::probably_does_not : MemoryFit::does_not;
}

/// The probability that `capacity` bytes are enough where `median` are needed and the logarithm of the need
/// has the standard deviation `spread`.
double fit_probability(double median, double spread, double capacity);

/// The share of an accelerator's memory that a layout's need, at the median, may take where its `fit` is to
/// fit.
double memory_share(const EfficiencyProfile& profile, Quantile fit);

struct StepEstimate {
  StepTime time;  ///< of the median
  Range seconds;  ///< of one step
  Range model_flops_utilization;
  MemoryUse memory;    ///< of the median
  Range memory_bytes;  ///< of the fullest accelerator
  bool fits = false;   ///< at the median
};

/// Expects a layout without layout_problem().
StepEstimate estimate_step(const StepPlan& plan);

/// How much wider steps of this workload scatter around any prediction than those of a dense transformer.
double work_scatter(const Workload& workload);

/// Whether the rows of the profile's software are all of other kinds of models; false where that is not
/// known.
bool is_unseen(const std::vector<ModelKind>& seen, const Workload& workload);

/// The standard deviation that this adds to ln(measured ÷ predicted), in quadrature. Chosen so that P10–P90
/// of published rows, all of the same stack and kind of model hidden from the fit, holds four fifths of them
/// (`trainbudget backtest --holdout leave_kind_out`).
inline constexpr double unseen_kind_spread = 0.22;

/// Standard deviation of ln(measured ÷ predicted) of a step with this workload.
double step_time_spread(const EfficiencyProfile& profile, const Workload& workload);

/// Quantiles of a log-normal around `median`, `spread` being the standard deviation of its logarithm.
Range ranged(double median, double spread);

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
