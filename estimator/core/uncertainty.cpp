#include "core/uncertainty.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

constexpr double pi = 3.141592653589793;

/// Of deviations `below` and `above`: E|z| = √(2/π), E z² = 1 and E|z|³ = 2√(2/π) of a normal z, half on
/// either side.
Deviations::Cumulants cumulants_of(double below, double above) {
  const double mean = (above - below) / std::sqrt(2.0 * pi);
  const double square = 0.5 * (above * above + below * below);
  const double cube = std::sqrt(2.0 / pi) * (above * above * above - below * below * below);
  return {mean, square - mean * mean, cube - 3.0 * mean * square + 2.0 * mean * mean * mean};
}

/// Where the median lies, and the deviations on its sides.
struct Halves {
  double median = 0.0;
  double below = 0.0;
  double above = 0.0;
};

/// The halves with these cumulants. With d = above − below the variance is s² + (1/4 − 1/2π)d² and the third
/// cumulant (3/√2π) d variance − c d³, which rises over all d that there can be. A sum is never more skewed
/// than its terms.
Halves halves_of(const Deviations::Cumulants& c) {
  if (!(c.variance > 0.0)) return {c.mean, 0.0, 0.0};
  const double linear = 3.0 / std::sqrt(2.0 * pi);
  const double widening = 0.25 - 0.5 / pi;
  // The third cumulant at variance 1 is linear·d + cubic·d³.
  const double cubic = std::sqrt(2.0 / pi) / 4.0 - 0.75 / std::sqrt(2.0 * pi) +
                       2.0 / std::pow(2.0 * pi, 1.5) - linear * widening;
  const double deviation = std::sqrt(c.variance);
  const double skewness = c.third / (c.variance * deviation);
  const double most = 1.0 / std::sqrt(0.25 + widening);  // one side is nothing
  double d = 0.0;
  for (int step = 0; step < 20; ++step) {
    const double slope = linear + 3.0 * cubic * d * d;
    const double next = std::clamp(d + (skewness - (linear + cubic * d * d) * d) / slope, -most, most);
    if (std::abs(next - d) < 1e-14) break;
    d = next;
  }
  const double middle = std::sqrt(std::max(0.0, 1.0 - widening * d * d));
  const double below = deviation * std::max(0.0, middle - 0.5 * d);
  const double above = deviation * std::max(0.0, middle + 0.5 * d);
  return {c.mean - deviation * d / std::sqrt(2.0 * pi), below, above};
}

/// Whether it has a logarithm.
bool is_positive(Range r) {
  return r.p10 > 0.0;
}

}  // namespace

void Deviations::add(double below, double above) {
  const Cumulants more = cumulants_of(below / p90_deviations, above / p90_deviations);
  sum_ = {sum_.mean + more.mean, sum_.variance + more.variance, sum_.third + more.third};
}

Range Deviations::around(double middle) const {
  const Halves sum = halves_of(sum_);
  const double median = middle * std::exp(sum.median);
  return {median * std::exp(-p90_deviations * sum.below), median,
          median * std::exp(p90_deviations * sum.above)};
}

Range combined(Range a, Range b) {
  if (a.is_exact() || b.is_exact() || !is_positive(a) || !is_positive(b)) return product(a, b);
  Deviations deviations;
  for (const Range& r : {a, b})
    deviations.add(std::log(r.p50 / r.p10), std::log(r.p90 / r.p50));
  return deviations.around(a.p50 * b.p50);
}

double least_median_share(Range r) {
  if (!is_positive(r)) return 0.0;
  const double below = std::log(r.p50 / r.p10) / p90_deviations;
  const double above = std::log(r.p90 / r.p50) / p90_deviations;
  return std::exp(std::min(0.0, cumulants_of(below, above).mean));
}

Range product(Range a, Range b) {
  const double median = a.p50 * b.p50;
  if (a.is_exact() || b.is_exact()) return {a.p10 * b.p10, median, a.p90 * b.p90};
  const double below = std::hypot(std::log(a.p50 / a.p10), std::log(b.p50 / b.p10));
  const double above = std::hypot(std::log(a.p90 / a.p50), std::log(b.p90 / b.p50));
  return {median * std::exp(-below), median, median * std::exp(above)};
}

Range quotient(Range a, Range b) {
  return product(a, reciprocal(b));
}

Range sum(Range a, Range b) {
  const double median = a.p50 + b.p50;
  return {median - std::hypot(a.p50 - a.p10, b.p50 - b.p10), median,
          median + std::hypot(a.p90 - a.p50, b.p90 - b.p50)};
}

}  // namespace trainbudget
