// How the raw output of the decay projection becomes the factor w in (0, 1) that the state is multiplied
// with.
#pragma once

#include "portable/bfloat16.h"

namespace trainbudget::microbench {

TB_DEVICE float exponential(float x) {
#if defined(__CUDACC__)
  return __expf(x);
#else
  return std::exp(x);
#endif
}

TB_DEVICE float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-x));
}

/// w = exp(-exp(raw)): RWKV-4 to RWKV-6, and RWKV-7 where the model applies its clamp before the kernel.
struct ExponentialDecay {
  /// log w.
  static TB_DEVICE float log_decay(float raw) { return -exponential(raw); }
  /// d log w / d raw.
  static TB_DEVICE float log_decay_slope(float raw) { return -exponential(raw); }
};

/// w = exp(-e^(-1/2) · sigmoid(raw)), never below 0.545: RWKV-7 with the clamp inside the kernel
/// (Peng et al., "RWKV-7 Goose", arXiv 2503.14456, §4.1).
struct SoftClampDecay {
  static constexpr float strongest = -0.60653066F;  // -e^(-1/2)
  static TB_DEVICE float log_decay(float raw) { return strongest * sigmoid(raw); }
  static TB_DEVICE float log_decay_slope(float raw) {
    const float gate = sigmoid(raw);
    return strongest * gate * (1.0F - gate);
  }
};

}  // namespace trainbudget::microbench
