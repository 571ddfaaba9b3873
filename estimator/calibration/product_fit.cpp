#include "calibration/product_fit.h"

#include "core/efficiency.h"
#include "core/quantile.h"
#include "core/roofline.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace trainbudget {
namespace {

constexpr double most_traffic = 0.5;  ///< of the time
constexpr std::size_t least_products = 3;
constexpr double least_range = 2.0;  ///< of the largest fall to the smallest
constexpr int candidates = 200;      ///< half dimensions that are tried: 3 % from one to the next
constexpr int resamples = 200;

/// What the shape penalty adds for a half dimension of one.
double fall(const MeasuredProduct& product) {
  return product.half_dimensions * (shape_penalty(product.m, product.n, product.k, 1.0) - 1.0);
}

/// Ideal ÷ measured arithmetic; nothing where it cannot be told.
std::optional<double> fraction_of_peak(const MeasuredProduct& product) {
  const double traffic = product.traffic_seconds / product.seconds;
  if (traffic > most_traffic) return std::nullopt;
  const double arithmetic = std::sqrt(std::sqrt(1.0 - std::pow(traffic, 4.0)));
  return product.ideal_seconds / (product.seconds * arithmetic);
}

struct Point {
  double fraction, fall;
};

struct Solution {
  double fraction = 0.0, half_dimension = 0.0;
};

Solution solve(const std::vector<Point>& points) {
  const ParameterRow& row = parameter_table()[index_of(Parameter::half_dimension)];
  Solution best;
  double least = std::numeric_limits<double>::infinity();
  std::vector<double> logarithms(points.size());
  for (int i = 0; i <= candidates; ++i) {
    const double d = row.lower * std::pow(row.upper / row.lower, static_cast<double>(i) / candidates);
    std::transform(points.begin(), points.end(), logarithms.begin(),
                   [&](const Point& point) { return std::log(point.fraction * (1.0 + d * point.fall)); });
    const double middle = upper_median(logarithms);
    double error = 0.0;
    for (const double each : logarithms)
      error += std::abs(each - middle);
    if (error >= least) continue;
    least = error;
    best = {std::exp(middle), d};
  }
  return best;
}

/// Whether sizes differ enough.
bool tells_fall(const std::vector<Point>& points) {
  if (points.size() < least_products) return false;
  const auto [least, most] = std::minmax_element(
      points.begin(), points.end(), [](const Point& a, const Point& b) { return a.fall < b.fall; });
  return most->fall >= least_range * least->fall;
}

/// The points of equal fall together.
std::vector<std::vector<Point>> by_fall(std::vector<Point> points) {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.fall < b.fall; });
  std::vector<std::vector<Point>> groups;
  for (const Point& point : points) {
    constexpr double same = 1.0 + 1e-9;
    if (groups.empty() || point.fall > same * groups.back().front().fall) groups.emplace_back();
    groups.back().push_back(point);
  }
  return groups;
}

Range around(double value, std::vector<double> resampled) {
  if (resampled.empty()) return exactly(value);
  std::sort(resampled.begin(), resampled.end());
  const Range range = quantiles(resampled);
  return {std::min(range.p10, value), value, std::max(range.p90, value)};
}

}  // namespace

std::optional<double> fraction_of_endless(const MeasuredProduct& product, double half_dimension) {
  const std::optional<double> fraction = fraction_of_peak(product);
  if (!fraction) return std::nullopt;
  return *fraction * (1.0 + half_dimension * fall(product));
}

std::optional<ProductFit> fit_products(std::span<const MeasuredProduct> products) {
  std::vector<Point> points;
  for (const MeasuredProduct& product : products) {
    if (const auto fraction = fraction_of_peak(product)) points.push_back({*fraction, fall(product)});
  }
  if (!tells_fall(points)) return std::nullopt;
  const Solution whole = solve(points);
  std::mt19937_64 engine(1);
  std::vector<double> fractions, half_dimensions;
  // By shape: the three passes of one fall alike and are no three witnesses.
  const std::vector<std::vector<Point>> shapes = by_fall(points);
  for (int i = 0; i < resamples; ++i) {
    std::vector<Point> drawn;
    for (std::size_t n = 0; n < shapes.size(); ++n) {
      const std::vector<Point>& shape = shapes[engine() % shapes.size()];
      drawn.insert(drawn.end(), shape.begin(), shape.end());
    }
    if (!tells_fall(drawn)) continue;
    const Solution each = solve(drawn);
    fractions.push_back(each.fraction);
    half_dimensions.push_back(each.half_dimension);
  }
  return ProductFit{around(whole.fraction, std::move(fractions)),
                    around(whole.half_dimension, std::move(half_dimensions))};
}

}  // namespace trainbudget
