// Binding of a pass over strips: its launch, and the launch that adds up its sums.
#pragma once

#include "kernels/backend.h"
#include "kernels/strips.cuh"

namespace trainbudget::microbench::TB_BACKEND {

template <class Pass>
BoundKernel bind_pass(const Shape& shape, const Pass& pass) {
  static_assert(Pass::sums == 0);
  require_shape(shape.channels > 0 && shape.channels % strip_width == 0, "channels must be a multiple of 8");
  return bind_launches(Strips<Pass>{pass, shape.tokens(), static_cast<int>(shape.channels),
                                    plain_strips(shape.tokens()), nullptr});
}

/// `partial`: partial_elements(tokens, channels, sums) floats.
template <class Pass>
BoundKernel bind_summing_pass(const Shape& shape, const Pass& pass, float* partial,
                              const SumTargets<Pass::sums>& targets) {
  require_shape(shape.channels > 0 && shape.channels % strip_width == 0, "channels must be a multiple of 8");
  const int strips = summing_strips(shape.tokens()), channels = static_cast<int>(shape.channels);
  return bind_launches(Strips<Pass>{pass, shape.tokens(), channels, strips, partial},
                       SumStrips<Pass::sums>{partial, targets, channels, strips});
}

}  // namespace trainbudget::microbench::TB_BACKEND
