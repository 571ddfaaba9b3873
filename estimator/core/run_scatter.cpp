#include "core/run_scatter.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trainbudget {
namespace {

/// ln(used ÷ predicted) of a run, the variance that its prediction has of its own, and what it counts.
struct Deviation {
  double distance = 0.0;
  double variance = 0.0;
  double weight = 0.0;  ///< that of its publisher, shared among its runs
};

double weighted_middle(const std::vector<Deviation>& deviations, double scatter) {
  double sum = 0.0;
  double weights = 0.0;
  for (const Deviation& d : deviations) {
    const double weight = d.weight / (scatter + d.variance);
    sum += weight * d.distance;
    weights += weight;
  }
  return sum / weights;
}

/// Squared distances from the middle, each in units of what it should be: one a publisher if `scatter` is the
/// variance between runs. Falls with it.
double squares(const std::vector<Deviation>& deviations, double scatter) {
  const double middle = weighted_middle(deviations, scatter);
  double sum = 0.0;
  for (const Deviation& d : deviations) {
    const double beyond = d.distance - middle;
    sum += d.weight * beyond * beyond / (scatter + d.variance);
  }
  return sum;
}

/// The variance between runs for which `squares` is `wanted`; 0 where there is no such.
double scatter_between(const std::vector<Deviation>& deviations, double wanted) {
  double low = 0.0;
  double high = 1.0;
  if (squares(deviations, low) <= wanted) return low;
  while (squares(deviations, high) > wanted)
    high *= 2.0;
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = 0.5 * (low + high);
    (squares(deviations, middle) > wanted ? low : high) = middle;
  }
  return low;
}

}  // namespace

Range run_scatter(const std::vector<PredictedHours>& runs) {
  std::map<std::string, double> published;
  for (const PredictedHours& run : runs)
    published[run.publisher] += 1.0;
  const auto n = static_cast<double>(published.size());
  if (n < fewest_publishers) return exactly(1.0);

  // Of predictions without any width all counts alike, as of those with the same.
  constexpr double least_deviation = 1e-3;
  std::vector<Deviation> deviations;
  double own = 0.0;
  for (const PredictedHours& run : runs) {
    const double half_width = 0.5 * std::log(run.predicted.p90 / run.predicted.p10);
    const double deviation = std::max(least_deviation, half_width / p90_deviations);
    deviations.push_back({.distance = std::log(run.gpu_hours / run.predicted.p50),
                          .variance = deviation * deviation,
                          .weight = 1.0 / published.at(run.publisher)});
    own += deviations.back().weight * deviations.back().variance / n;
  }
  const double between = scatter_between(deviations, n - 1.0);
  const double middle = weighted_middle(deviations, between);
  const double all = between > 0.0 ? own + between : own * squares(deviations, 0.0) / (n - 1.0);
  const double t = student_p90(static_cast<int>(published.size()) - 1);
  const double width =
      std::sqrt(std::max(0.0, t * t * (1.0 + 1.0 / n) * all - p90_deviations * p90_deviations * own));
  return {std::exp(middle - width), std::exp(middle), std::exp(middle + width)};
}

}  // namespace trainbudget
