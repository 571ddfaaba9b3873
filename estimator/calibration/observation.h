// A measured run, made ready to be predicted.
#pragma once

#include "core/efficiency.h"
#include "core/machine.h"
#include "core/measured_run.h"
#include "core/step_time.h"
#include "core/workload.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// What a fit is to predict of an observation.
enum class Target : std::uint8_t { step_time, memory };

/// The parameters that only memory depends on.
constexpr bool is_of_memory(Parameter parameter) {
  return parameter >= Parameter::activation_factor;
}

/// Standard deviation of ln(measured ÷ predicted) of a dense row that states its layout, around any fit.
inline constexpr double usual_row_spread = 0.04;

struct Observation {
  const MeasuredRun* run = nullptr;
  Workload workload;
  Machine machine;
  double log_measured = 0.0;  ///< ln of the measured step time in seconds
  /// How much wider than a dense run with a stated layout this one scatters around any prediction.
  double scatter = 1.0;
  double noise = 0.0;  ///< of it, what the source states of its own

  double total_scatter() const { return std::hypot(scatter, noise); }

  const Layout& layout() const { return run->run.layout; }
  /// Model FLOPs of the measured step over what the peak does in its time.
  double share_of_peak() const;
  double predicted_seconds(const Efficiency& efficiency) const;
  /// Bytes on the fullest stage, as the source counts them: in use, or held by the allocator.
  double predicted_memory(const Efficiency& efficiency) const;
  /// Whether its peak says something of the rules of memory, which count weights and activations in 16 bit.
  bool has_memory() const {
    return run->peak_memory_bytes && run->layout_stated && machine.matmul_bytes >= 2.0;
  }
  double log_predicted(Target target, const Efficiency& efficiency) const;
  double log_measured_of(Target target) const;
};

/// Below this share of the peak a step time is a slip of units: milliseconds for seconds make less than a
/// fifth of it at any utilisation, and the slowest published row has twice as much.
inline constexpr double least_share_of_peak = 1.0 / 200.0;

/// What a row leaves open adds to the scatter: chosen so that errors of rows that were not fitted
/// (calibration/backtest.h) are as wide as predicted.
struct ScatterFactors {
  double unstated_layout = 2.5;
  double unstated_shape = 2.0;
  double adapters = 1.5;
  double unstated_recompute = 1.3;
};

/// The kinds of models of a stack's rows, each once.
std::vector<ModelKind> kinds_seen(std::span<const Observation* const> rows, std::string_view stack);

/// Why `run` cannot be predicted on this hardware (no peak at its precision, no step time); empty where it
/// can.
std::string observation_problem(const MeasuredRun& run, const Accelerator& accelerator,
                                const Cluster& cluster);

/// Expects a run without observation_problem(); keeps a pointer to it.
Observation observe(const MeasuredRun& run, const Accelerator& accelerator, const Cluster& cluster);

}  // namespace trainbudget
