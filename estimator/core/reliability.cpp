#include "core/reliability.h"

#include "core/quantile.h"
#include "core/quantity.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trainbudget {
namespace {

struct Point {
  double gpu_hours;
  double bandwidth;
  double restart;
  double stalls;
  double between_preemptions = infinite;  ///< of one instance
  double replacement = 0.0;
};

/// The same quantile of everything.
Point point_of(const Reliability& r, double Range::*at) {
  Point point{r.gpu_hours_per_interruption.value.*at, r.checkpoint_bandwidth.value.*at,
              r.restart_seconds.value.*at, r.stalls.value.*at};
  if (r.spot && r.spot->seconds_between) {
    point.between_preemptions = r.spot->seconds_between->value.*at;
    point.replacement = r.spot->replacement_seconds.value.*at;
  }
  return point;
}

Interruptions job_at(const Point& at, const Reliability& r, double gpus) {
  Interruptions job{.mean_seconds_between = seconds_between_interruptions(at.gpu_hours, gpus),
                    .checkpoint_seconds = r.checkpoint_bytes.value / at.bandwidth,
                    .restart_seconds = at.restart};
  if (std::isinf(at.between_preemptions)) return job;
  job.mean_seconds_between_preemptions = at.between_preemptions / spot_instances(*r.spot, gpus);
  job.replacement_seconds = at.replacement;
  job.warned = r.spot->notice_seconds.value >= job.checkpoint_seconds;
  return job;
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

Sourced<double> default_notice(const ReliabilityDefaults& defaults, std::string_view provider) {
  const auto found =
      std::find_if(defaults.notices.begin(), defaults.notices.end(), [&](const SpotNotice& entry) {
        return entry.providers.empty() ||
               std::find(entry.providers.begin(), entry.providers.end(), provider) != entry.providers.end();
      });
  return found->seconds;
}

double checkpoint_bytes(const Workload& workload) {
  constexpr double saved_weight_bytes = 2.0;
  const auto of = [](const BlockWork& block) {
    return saved_weight_bytes * block.trained.total() + block.state.optimizer.total();
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
  return quantiles(residuals);
}

Interruptions interruptions_of(const Reliability& r, double gpus) {
  return job_at(point_of(r, &Range::p50), r, gpus);
}

Goodput goodput(const Reliability& r, double gpus) {
  const Point median = point_of(r, &Range::p50);
  const Point low = point_of(r, &Range::p10);
  const Point high = point_of(r, &Range::p90);
  Goodput result{.typical = job_at(median, r, gpus)};
  result.interval = r.interval ? r.interval->value : best_checkpoint_interval(result.typical);
  result.waste = waste(result.typical, result.interval);
  const auto at = [&](const Point& point) {
    return (1.0 - point.stalls) * useful_fraction(job_at(point, r, gpus), result.interval);
  };
  const double middle = at(median);
  Deviations deviations;
  // More is better of some inputs (time between interruptions, bandwidth) and worse of others.
  const auto move = [&](double Point::*input, const Point& worst, const Point& best) {
    Point worse = median;
    Point better = median;
    worse.*input = worst.*input;
    better.*input = best.*input;
    deviations.add(std::log(middle / at(worse)), std::log(at(better) / middle));
  };
  move(&Point::gpu_hours, low, high);
  move(&Point::bandwidth, low, high);
  move(&Point::restart, high, low);
  move(&Point::stalls, high, low);
  move(&Point::between_preemptions, low, high);
  move(&Point::replacement, high, low);
  result.fraction = deviations.around(middle);
  result.fraction.p90 = std::min(1.0, result.fraction.p90);
  return result;
}

}  // namespace trainbudget
