// The decay of a state in double precision: see kernels/decay.cuh.
#pragma once

#include <cmath>

namespace trainbudget::microbench::reference {

struct ExponentialDecay {
  static double log_decay(double raw) { return -std::exp(raw); }
  static double log_decay_slope(double raw) { return -std::exp(raw); }
};

struct SoftClampDecay {
  static double log_decay(double raw) { return -std::exp(-0.5) / (1.0 + std::exp(-raw)); }
  static double log_decay_slope(double raw) {
    const double gate = 1.0 / (1.0 + std::exp(-raw));
    return -std::exp(-0.5) * gate * (1.0 - gate);
  }
};

}  // namespace trainbudget::microbench::reference
