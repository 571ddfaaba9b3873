// The precisions in which matrix products are measured: what is multiplied; sums are fp32.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trainbudget::microbench {

enum class GemmPrecision : std::uint8_t { bf16, fp16, tf32, fp8 };
inline constexpr std::array all_gemm_precisions{GemmPrecision::bf16, GemmPrecision::fp16, GemmPrecision::tf32,
                                                GemmPrecision::fp8};

/// The word of core's Precision, so that a measurement finds its peak.
constexpr std::string_view name_of(GemmPrecision precision) {
  switch (precision) {
    case GemmPrecision::bf16:
      return "bf16";
    case GemmPrecision::fp16:
      return "fp16";
    case GemmPrecision::tf32:
      return "tf32";
    case GemmPrecision::fp8:
      return "fp8";
  }
  return "unknown";
}

/// Bytes of one operand element.
constexpr std::size_t operand_bytes(GemmPrecision precision) {
  switch (precision) {
    case GemmPrecision::bf16:
      return 2;
    case GemmPrecision::fp16:
      return 2;
    case GemmPrecision::tf32:
      return 4;
    case GemmPrecision::fp8:
      return 1;
  }
  return 0;
}

/// Bytes of one element of the result: fp8 products are written as bfloat16.
constexpr std::size_t result_bytes(GemmPrecision precision) {
  return precision == GemmPrecision::tf32 ? 4 : 2;
}

}  // namespace trainbudget::microbench
