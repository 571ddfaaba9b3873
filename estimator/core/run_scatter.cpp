#include "core/run_scatter.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trainbudget {

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
  const double t = student_p90(static_cast<int>(published.size()) - 1);
  const double width = std::sqrt(std::max(0.0, t * t * (1.0 + 1.0 / n) * variance - explained));
  return {std::exp(middle - width), std::exp(middle), std::exp(middle + width)};
}

}  // namespace trainbudget
