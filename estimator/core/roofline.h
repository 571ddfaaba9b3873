// One operation to seconds: what its arithmetic takes, what its memory traffic takes, and the larger of the
// two with a soft corner.
#pragma once

#include <cmath>

namespace trainbudget {

/// (a⁴ + b⁴)^¼: max(a, b) where one dominates, 19 % above it where both are equal. Kernels near the corner of
/// the roofline overlap arithmetic and traffic imperfectly.
inline double soft_maximum(double a, double b) {
  const double a2 = a * a;
  const double b2 = b * b;
  return std::sqrt(std::sqrt(a2 * a2 + b2 * b2));
}

/// Ideal ÷ achieved rate of an [m, k] × [k, n] product: each dimension pays for filling tiles, pipelines and
/// waves.
inline double shape_penalty(double m, double n, double k, double half_dimension) {
  return 1.0 + half_dimension * (1.0 / m + 1.0 / n + 1.0 / k);
}

/// Bytes that an [m, k] × [k, n] product moves, its operands of `operand_bytes` each and a 16-bit result.
inline double product_traffic(double m, double n, double k, double operand_bytes) {
  return operand_bytes * (m * k + n * k) + 2.0 * m * n;
}

}  // namespace trainbudget
