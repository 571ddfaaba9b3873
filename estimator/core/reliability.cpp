#include "core/reliability.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace trainbudget {
namespace {

struct Point {
  double gpu_hours;
  double bandwidth;
  double restart;
  double stalls;
};

Interruptions job_at(const Point& at, double checkpoint_bytes, double gpus) {
  return {.mean_seconds_between = seconds_between_interruptions(at.gpu_hours, gpus),
          .checkpoint_seconds = checkpoint_bytes / at.bandwidth,
          .restart_seconds = at.restart};
}

double quantile(const std::vector<double>& sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Reliability default_reliability(const ReliabilityDefaults& defaults, std::string_view accelerator,
                                double gpus, double parameters) {
  const auto rate = std::find_if(
      defaults.interruptions.begin(), defaults.interruptions.end(), [&](const InterruptionRate& entry) {
        return entry.accelerators.empty() || std::find(entry.accelerators.begin(), entry.accelerators.end(),
                                                       accelerator) != entry.accelerators.end();
      });
  const Sourced<double>& bytes = defaults.checkpoint_bytes_per_parameter;
  return {.gpu_hours_per_interruption = rate->gpu_hours,
          .checkpoint_bytes = {bytes.value * parameters, bytes.provenance},
          .checkpoint_bandwidth = {defaults.bandwidth_per_gpu.value * gpus,
                                   defaults.bandwidth_per_gpu.provenance},
          .restart_seconds = defaults.restart_seconds,
          .stalls = defaults.stalls,
          .residual = defaults.residual};
}

double checkpoint_bytes(const Workload& workload) {
  const auto of = [](const BlockWork& block) {
    return block.state.weights.total() + block.state.optimizer.total();
  };
  double bytes = of(workload.embedding) + of(workload.head);
  for (std::size_t kind = 0; kind < workload.kinds.size(); ++kind)
    bytes += workload.count_before(kind, workload.layers) * of(workload.kinds[kind]);
  return bytes;
}

Range residual_of(const ReliabilityDefaults& defaults) {
  std::vector<double> residuals;
  for (const ObservedRun& run : defaults.runs) {
    const Reliability typical = default_reliability(defaults, run.accelerator, run.gpus, run.parameters);
    residuals.push_back(std::min(1.0, run.ratio / goodput(typical, run.gpus).fraction.p50));
  }
  std::sort(residuals.begin(), residuals.end());
  return {quantile(residuals, 0.1), quantile(residuals, 0.5), quantile(residuals, 0.9)};
}

Goodput goodput(const Reliability& r, double gpus) {
  const Point median{r.gpu_hours_per_interruption.value.p50, r.checkpoint_bandwidth.value.p50,
                     r.restart_seconds.value.p50, r.stalls.value.p50};
  const double bytes = r.checkpoint_bytes.value;
  Goodput result{.typical = job_at(median, bytes, gpus)};
  result.interval = r.interval ? r.interval->value : best_checkpoint_interval(result.typical);
  result.waste = waste(result.typical, result.interval);
  const auto at = [&](const Point& point) {
    return (1.0 - point.stalls) * useful_fraction(job_at(point, bytes, gpus), result.interval);
  };
  const double middle = at(median);
  // Worse and better ends of each input: fewer hours, a slower storage, longer restarts and stalls are worse.
  std::array<Point, 4> worse{median, median, median, median};
  std::array<Point, 4> better = worse;
  worse[0].gpu_hours = r.gpu_hours_per_interruption.value.p10;
  better[0].gpu_hours = r.gpu_hours_per_interruption.value.p90;
  worse[1].bandwidth = r.checkpoint_bandwidth.value.p10;
  better[1].bandwidth = r.checkpoint_bandwidth.value.p90;
  worse[2].restart = r.restart_seconds.value.p90;
  better[2].restart = r.restart_seconds.value.p10;
  worse[3].stalls = r.stalls.value.p90;
  better[3].stalls = r.stalls.value.p10;
  double below = 0.0;
  double above = 0.0;
  for (std::size_t i = 0; i < worse.size(); ++i) {
    below = std::hypot(below, std::log(middle / at(worse[i])));
    above = std::hypot(above, std::log(at(better[i]) / middle));
  }
  result.fraction = {middle * std::exp(-below), middle, std::min(1.0, middle * std::exp(above))};
  return result;
}

}  // namespace trainbudget
