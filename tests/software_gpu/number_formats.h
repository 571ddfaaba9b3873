// Narrow floating-point formats: rounding to nearest, ties to even.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace software_gpu {

/// `value` at `mantissa` bits behind the leading one, where exponents start at `least` (subnormals below).
inline double rounded_to(double value, int mantissa, int least) {
  if (value == 0.0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), least);
  return std::ldexp(std::nearbyint(std::ldexp(value, mantissa - exponent)), exponent - mantissa);
}

inline float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

inline std::uint16_t to_bfloat16(double value) {
  if (std::isnan(value)) return 0x7fff;
  return static_cast<std::uint16_t>(
      std::bit_cast<std::uint32_t>(static_cast<float>(rounded_to(value, 7, -126))) >> 16);
}

inline float from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31)
    value =
        mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return static_cast<float>((bits & 0x8000) != 0 ? -value : value);
}

inline std::uint16_t to_half(double value) {
  const unsigned sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) return 0x7fff;
  const double size = std::abs(rounded_to(value, 10, -14));
  if (size >= 65536.0) return static_cast<std::uint16_t>(sign | 0x7c00);
  if (size < std::ldexp(1.0, -14))
    return static_cast<std::uint16_t>(sign | static_cast<unsigned>(std::ldexp(size, 24)));
  const int exponent = std::ilogb(size);
  const auto mantissa = static_cast<unsigned>(std::ldexp(size, 10 - exponent)) - 1024;
  return static_cast<std::uint16_t>(sign | static_cast<unsigned>(exponent + 15) << 10 | mantissa);
}

/// 8 bits with 4 of exponent: no infinity, 448 the largest.
inline float from_e4m3(std::uint8_t bits) {
  const int exponent = bits >> 3 & 15, mantissa = bits & 7;
  const double value = exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>((bits & 0x80) != 0 ? -value : value);
}

inline std::uint8_t to_e4m3(double value) {
  const unsigned sign = std::signbit(value) ? 0x80 : 0;
  if (std::isnan(value)) return 0x7f;
  const double size = std::min(std::abs(rounded_to(value, 3, -6)), 448.0);
  if (size < std::ldexp(1.0, -6))
    return static_cast<std::uint8_t>(sign | static_cast<unsigned>(std::ldexp(size, 9)));
  const int exponent = std::ilogb(size);
  const auto mantissa = static_cast<unsigned>(std::ldexp(size, 3 - exponent)) - 8;
  return static_cast<std::uint8_t>(sign | static_cast<unsigned>(exponent + 7) << 3 | mantissa);
}

}  // namespace software_gpu
