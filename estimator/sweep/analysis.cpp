#include "sweep/analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trainbudget::sweep {
namespace {

using Number = std::optional<double>;

Number bill_of(const Point& point) {
  return point.bill_usd ? Number(point.bill_usd->p50) : std::nullopt;
}
Number time_of(const Point& point) {
  return point.wall_time_seconds.p50;
}

/// The first with the least value among the points that meet the constraints.
template <class Value>
std::optional<std::size_t> least(std::span<const Point> points, Value value) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i].meets || !value(points[i])) continue;
    if (!best || *value(points[i]) < *value(points[*best])) best = i;
  }
  return best;
}

std::vector<bool> front(std::span<const Point> points) {
  std::vector<bool> on_front(points.size(), false);
  std::vector<std::size_t> order;
  order.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].meets && bill_of(points[i])) order.push_back(i);
  }
  // From the fastest to the slowest, cheaper ones first among equals: each must be cheaper than all before.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (*time_of(points[a]) != *time_of(points[b])) return *time_of(points[a]) < *time_of(points[b]);
    return *bill_of(points[a]) < *bill_of(points[b]);
  });
  double cheapest = std::numeric_limits<double>::infinity();
  double time = -1.0;
  for (const std::size_t i : order) {
    const double cost = *bill_of(points[i]);
    const bool equal = cost == cheapest && *time_of(points[i]) == time;
    if (cost >= cheapest && !equal) continue;
    on_front[i] = true;
    cheapest = cost;
    time = *time_of(points[i]);
  }
  return on_front;
}

Swing swing_of(const Sweep& sweep, std::size_t axis, std::span<const Point> points, bool has_cost) {
  const std::size_t count = sweep.axes[axis].values.size();
  std::vector<double> sum(count, 0.0);
  std::vector<double> weight(count, 0.0);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i].problem.empty() || !points[i].fits.value_or(true)) continue;
    const double value = has_cost ? bill_of(points[i]).value_or(0.0) : points[i].gpu_hours.p50;
    if (value <= 0.0) continue;
    const std::size_t at = place_of(sweep, i).values[axis];
    sum[at] += std::log(value);
    weight[at] += 1.0;
  }
  Swing swing{.path = sweep.axes[axis].path};
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (std::size_t i = 0; i < count; ++i) {
    if (weight[i] == 0.0) continue;
    const double mean = sum[i] / weight[i];
    if (mean < low) {
      low = mean;
      swing.cheapest = sweep.axes[axis].texts[i];
    }
    if (mean > high) {
      high = mean;
      swing.dearest = sweep.axes[axis].texts[i];
    }
  }
  if (high > low) swing.factor = std::exp(high - low);
  return swing;
}

}  // namespace

Analysis analyze(const Sweep& sweep, std::span<const Point> points) {
  Analysis analysis{.cheapest = least(points, bill_of),
                    .fastest = least(points, time_of),
                    .on_front = front(points),
                    .has_cost = std::any_of(points.begin(), points.end(),
                                            [](const Point& point) { return point.bill_usd.has_value(); }),
                    .has_total = std::any_of(points.begin(), points.end(), [](const Point& point) {
                      return point.bill_usd != point.cost_usd;
                    })};
  analysis.swings.reserve(sweep.axes.size());
  for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis)
    analysis.swings.push_back(swing_of(sweep, axis, points, analysis.has_cost));
  std::stable_sort(analysis.swings.begin(), analysis.swings.end(),
                   [](const Swing& a, const Swing& b) { return a.factor > b.factor; });
  return analysis;
}

}  // namespace trainbudget::sweep
