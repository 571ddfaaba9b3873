// bfloat16 as storage: the upper half of a float. Arithmetic is done in float.
#pragma once

#include "portable/portable.h"

#include <cstdint>
#include <cstring>

namespace trainbudget::microbench {

struct Bfloat16 {
  std::uint16_t bits;
};

TB_HOST_DEVICE float to_float(float value) {
  return value;
}

TB_HOST_DEVICE float to_float(Bfloat16 value) {
  const std::uint32_t wide = static_cast<std::uint32_t>(value.bits) << 16;
#if defined(__CUDA_ARCH__)
  return __uint_as_float(wide);
#else
  float result = 0.0F;
  std::memcpy(&result, &wide, sizeof result);
  return result;
#endif
}

template <class Element>
TB_HOST_DEVICE Element from_float(float value);

template <>
TB_HOST_DEVICE float from_float<float>(float value) {
  return value;
}

/// Rounds to nearest, ties to even, as the hardware does; NaN stays NaN.
template <>
TB_HOST_DEVICE Bfloat16 from_float<Bfloat16>(float value) {
#if defined(__CUDA_ARCH__)
  std::uint16_t bits = 0;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return Bfloat16{bits};
#else
  std::uint32_t wide = 0;
  std::memcpy(&wide, &value, sizeof wide);
  if ((wide & 0x7fffffffU) > 0x7f800000U) return Bfloat16{0x7fff};
  wide += 0x7fffU + ((wide >> 16) & 1U);
  return Bfloat16{static_cast<std::uint16_t>(wide >> 16)};
#endif
}

}  // namespace trainbudget::microbench
