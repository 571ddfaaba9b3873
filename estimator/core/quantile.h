// Quantiles: of numbers, and which one of a range is held against a limit.
#pragma once

#include "core/uncertainty.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace trainbudget {

enum class Quantile : std::uint8_t { p10, p50, p90 };

constexpr std::string_view name_of(Quantile quantile) {
  switch (quantile) {
    case Quantile::p10:
      return "p10";
    case Quantile::p50:
      return "p50";
    case Quantile::p90:
      return "p90";
  }
  return "unknown";
}

constexpr double at(const Range& range, Quantile quantile) {
  if (quantile == Quantile::p10) return range.p10;
  return quantile == Quantile::p50 ? range.p50 : range.p90;
}

/// P90 of a normal distribution lies so many standard deviations above its median.
inline constexpr double p90_deviations = 1.2815515655446004;

/// The 90 % quantile of Student's t: tabulated to 12 degrees of freedom (at least one), from there on by
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5, within 0.0001.
inline double student_p90(int degrees_of_freedom) {
  constexpr std::array few = {3.078, 1.886, 1.638, 1.533, 1.476, 1.440,
                              1.415, 1.397, 1.383, 1.372, 1.363, 1.356};
  if (degrees_of_freedom <= static_cast<int>(few.size()))
    return few[static_cast<std::size_t>(degrees_of_freedom) - 1];
  constexpr double z = p90_deviations;
  constexpr double z3 = z * z * z;
  const double n = degrees_of_freedom;
  return z + (z3 + z) / (4.0 * n) + (5.0 * z3 * z * z + 16.0 * z3 + 3.0 * z) / (96.0 * n * n);
}

/// The value below which the share `p` of ascending numbers (at least one) lies, with linear interpolation.
inline double quantile(std::span<const double> sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The middle of numbers in any order, of an even number the upper one; 0 of none.
inline double upper_median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// P10, P50 and P90 of ascending numbers (at least one).
inline Range quantiles(std::span<const double> sorted) {
  return {quantile(sorted, 0.1), quantile(sorted, 0.5), quantile(sorted, 0.9)};
}

}  // namespace trainbudget
