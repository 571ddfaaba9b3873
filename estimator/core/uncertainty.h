// Ranges: what is not known exactly is carried as its 10 %, 50 % and 90 % quantiles.
#pragma once

namespace trainbudget {

/// Quantiles of a positive quantity, in SI base units. p10 ≤ p50 ≤ p90 always holds.
struct Range {
  double p10 = 0.0;
  double p50 = 0.0;
  double p90 = 0.0;

  bool is_exact() const { return p10 == p90; }
  friend bool operator==(const Range&, const Range&) = default;
};

constexpr Range exactly(double value) {
  return {value, value, value};
}

/// Multiplied by a known factor ≥ 0.
constexpr Range operator*(Range r, double factor) {
  return {r.p10 * factor, r.p50 * factor, r.p90 * factor};
}
constexpr Range operator*(double factor, Range r) {
  return r * factor;
}
constexpr Range operator/(Range r, double divisor) {
  return {r.p10 / divisor, r.p50 / divisor, r.p90 / divisor};
}
constexpr Range operator+(Range r, double offset) {
  return {r.p10 + offset, r.p50 + offset, r.p90 + offset};
}

/// 1/r: the largest value gives the smallest reciprocal.
constexpr Range reciprocal(Range r) {
  return {1.0 / r.p90, 1.0 / r.p50, 1.0 / r.p10};
}

/// The product of independent ranges. Each is read as a log-normal with its own width on either side of the
/// median: medians multiply, and the widths ln(p50/p10) and ln(p90/p50) add in quadrature. Exact factors add
/// no width.
Range product(Range a, Range b);

/// a/b for independent a and b.
Range quotient(Range a, Range b);

/// The sum of independent ranges: medians add, and the distances of p10 and p90 from them add in quadrature.
Range sum(Range a, Range b);

/// The sum of ranges that grow with the same cause (a bill and what is paid in proportion to it): quantiles
/// add.
constexpr Range together(Range a, Range b) {
  return {a.p10 + b.p10, a.p50 + b.p50, a.p90 + b.p90};
}

}  // namespace trainbudget
