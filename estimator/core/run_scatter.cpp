#include "core/run_scatter.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trainbudget {
namespace {

/// The 90 % quantile of Student's t. Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
double student_p90(double degrees_of_freedom) {
  constexpr double z = p90_deviations;
  constexpr double z3 = z * z * z;
  return z + (z3 + z) / (4.0 * degrees_of_freedom) +
         (5.0 * z3 * z * z + 16.0 * z3 + 3.0 * z) / (96.0 * degrees_of_freedom * degrees_of_freedom);
}

}  // namespace

Range run_scatter(const std::vector<PredictedHours>& runs) {
  std::map<std::string, double> published;
  for (const PredictedHours& run : runs)
    published[run.publisher] += 1.0;
  const auto n = static_cast<double>(published.size());
  if (n < fewest_publishers) return exactly(1.0);

  const auto mean = [&](auto value) {
    double sum = 0.0;
    for (const PredictedHours& run : runs)
      sum += value(run) / published.at(run.publisher);
    return sum / n;
  };
  const auto distance = [](const PredictedHours& run) { return std::log(run.gpu_hours / run.predicted.p50); };
  const double middle = mean(distance);
  const double variance = n / (n - 1.0) * mean([&](const PredictedHours& run) {
                            const double beyond = distance(run) - middle;
                            return beyond * beyond;
                          });
  const double explained = mean([](const PredictedHours& run) {
    const double half_width = 0.5 * std::log(run.predicted.p90 / run.predicted.p10);
    return half_width * half_width;
  });
  const double t = student_p90(n - 1.0);
  const double width = std::sqrt(std::max(0.0, t * t * (1.0 + 1.0 / n) * variance - explained));
  return {std::exp(middle - width), std::exp(middle), std::exp(middle + width)};
}

}  // namespace trainbudget
