#include "core/uncertainty.h"

#include <cmath>

namespace trainbudget {

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
