#include "core/run_scatter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace trainbudget {
namespace {

/// The extra width that a run at `distance` beyond the median needs on that side; the widths of the
/// prediction and the scatter add in quadrature. Negative where it needs none.
double squared_need(double distance, double width) {
  return distance > 0.0 ? distance * distance - width * width : -width * width;
}

double scatter(std::vector<double> squared_needs) {
  const double wanted = 0.9 * (static_cast<double>(squared_needs.size()) + 1.0);
  const auto rank = static_cast<std::size_t>(std::ceil(wanted - 1e-9));
  if (rank > squared_needs.size()) return 1.0;
  std::sort(squared_needs.begin(), squared_needs.end());
  return std::exp(std::sqrt(std::max(0.0, squared_needs[rank - 1])));
}

}  // namespace

Range run_scatter(const std::vector<PredictedHours>& runs) {
  std::vector<double> above;
  std::vector<double> below;
  for (const PredictedHours& run : runs) {
    const double distance = std::log(run.gpu_hours / run.predicted.p50);
    above.push_back(squared_need(distance, std::log(run.predicted.p90 / run.predicted.p50)));
    below.push_back(squared_need(-distance, std::log(run.predicted.p50 / run.predicted.p10)));
  }
  return {1.0 / scatter(std::move(below)), 1.0, scatter(std::move(above))};
}

}  // namespace trainbudget
