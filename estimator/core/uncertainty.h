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

/// Independent deviations of a logarithm from its median, each by how far its P10 lies below and its P90
/// above. Each is read as half of a normal distribution on either side, and so is their sum, by its first
/// three cumulants, so that the order does not matter: of skewed ones the median is not the sum of medians.
class Deviations {
 public:
  struct Cumulants {
    double mean = 0.0;
    double variance = 0.0;
    double third = 0.0;
  };

  void add(double below, double above);
  /// The quantity that is `middle` where all of them are at their medians.
  Range around(double middle) const;

 private:
  Cumulants sum_;
};

/// The product of independent ranges with the P50 that it has: what a run reaches, keeps and takes. Their
/// logarithms are Deviations. Against draws, the median of two or three factors as skewed as utilisations are
/// is 1 to 7 % off, where the product of their medians is 17 to 40 %. Exact factors add no width; of a range
/// that reaches 0 nothing is known of the logarithm, and it is product().
Range combined(Range a, Range b);

/// The median of what is combined() is at least this share of what it would be if this factor were exactly
/// its median, whatever the others are: 1, or less where its lower side is the wider one.
double least_median_share(Range r);

/// The product of independent ranges with the product of their P50s, as one reckons a bill: a price that is
/// higher, or hours that are more, at any quantile never make it less, which combined() cannot promise. The
/// widths ln(p50/p10) and ln(p90/p50) add in quadrature. Exact factors add no width.
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
