// WKV-4 (Peng et al., "RWKV: Reinventing RNNs for the Transformer Era", arXiv 2305.13048, eq. 16), per
// channel with a decay w = −exp(raw) and a bonus u:
//   y_t = (a_t + e^(u+k_t) v_t) / (b_t + e^(u+k_t)),   a_(t+1) = e^w a_t + e^(k_t) v_t,   b_(t+1) = e^w b_t +
//   e^(k_t)
// a and b are kept as multiples of e^o with the largest exponent o so far, since e^k alone would overflow.
#pragma once

#include "kernels/decay.cuh"
#include "kernels/shape.h"
#include "portable/pack.h"

#include <type_traits>

namespace trainbudget::microbench {

TB_DEVICE float larger(float a, float b) {
  return a > b ? a : b;
}

TB_DEVICE float logarithm(float x) {
#if defined(__CUDACC__)
  return __logf(x);
#else
  return std::log(x);
#endif
}

/// Below every exponent that occurs, and far from overflow when a decay is added.
inline constexpr float wkv4_nothing = -1e30F;

template <class Element>
struct Wkv4Arguments {
  const float *w, *u;  ///< [channels]; w is raw
  const Element *k, *v;
  Element* y;
  float* y_exact;  ///< y before rounding, for the gradient; y itself where Element is float
  float* log_sum;  ///< log of the denominator, for the gradient
  const Element* dy;
  float *dw, *du;  ///< [batch, channels], to be summed over the batch
  Element *dk, *dv;
  int batch, channels;
  std::int64_t sequence;

  Grid grid(int threads) const {
    return {static_cast<unsigned>(divide_up(channels, threads)), static_cast<unsigned>(batch), 1};
  }
};

/// One thread per channel and sequence. Grid: (channels / 64, batch).
struct Wkv4Launch {
  static constexpr int threads = 64;
  static constexpr int blocks_per_multiprocessor = 8;
  static constexpr int ahead = 8;  ///< tokens whose loads are in flight together
  struct Shared {};
};

template <class Element>
struct Wkv4Forward : Wkv4Launch {
  Wkv4Arguments<Element> in;

  Grid grid() const { return in.grid(threads); }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared&) const {
    const int channel = block.x() * threads + block.thread();
    if (channel >= in.channels) return;
    const float decay = ExponentialDecay::log_decay(in.w[channel]), bonus = in.u[channel];
    std::int64_t o = block.y() * in.sequence * in.channels + channel;
    float a = 0.0F, b = 0.0F, exponent = wkv4_nothing;
    for (std::int64_t first = 0; first < in.sequence; first += ahead) {
      float k[ahead], v[ahead];
      TB_UNROLL
      for (int i = 0; i < ahead; ++i) {
        if (first + i >= in.sequence) continue;
        k[i] = to_float(in.k[o + i * in.channels]);
        v[i] = to_float(in.v[o + i * in.channels]);
      }
      TB_UNROLL
      for (int i = 0; i < ahead; ++i) {
        if (first + i >= in.sequence) continue;
        const float top = larger(exponent, bonus + k[i]);
        const float before = exponential(exponent - top), now = exponential(bonus + k[i] - top);
        const float denominator = before * b + now;
        const float result = (before * a + now * v[i]) / denominator;
        in.y[o] = from_float<Element>(result);
        if constexpr (!std::is_same_v<Element, float>) in.y_exact[o] = result;
        in.log_sum[o] = top + logarithm(denominator);
        const float next = larger(exponent + decay, k[i]);
        const float kept = exponential(exponent + decay - next), added = exponential(k[i] - next);
        a = kept * a + added * v[i];
        b = kept * b + added;
        exponent = next;
        o += in.channels;
      }
    }
  }
};

/// One pass backwards in time. With A = dL/da and B = dL/db, carried as multiples of e^q:
///   A_t = g_t / D_t + e^w A_(t+1),   B_t = −g_t y_t / D_t + e^w B_(t+1),   D the denominator of y.
/// For w no forward state is needed: A_t a_t + B_t b_t, advanced by one token, changes by exactly d_k, so
///   dL/dw from token t = d_u from token t − Σ over this and later tokens of d_k.
/// That sum would collect the rounding of a bfloat16 y over the whole sequence, hence y_exact.
template <class Element>
struct Wkv4Backward : Wkv4Launch {
  Wkv4Arguments<Element> in;

  Grid grid() const { return in.grid(threads); }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared&) const {
    const int channel = block.x() * threads + block.thread();
    if (channel >= in.channels) return;
    const float decay = ExponentialDecay::log_decay(in.w[channel]), bonus = in.u[channel];
    const std::int64_t start = block.y() * in.sequence * in.channels + channel;
    float A = 0.0F, B = 0.0F, exponent = wkv4_nothing;
    float dw_total = 0.0F, du_total = 0.0F, dk_sum = 0.0F;
    for (std::int64_t last = in.sequence - 1; last >= 0; last -= ahead) {
      float k[ahead], v[ahead], y[ahead], g[ahead], log_sum[ahead];
      TB_UNROLL
      for (int i = 0; i < ahead; ++i) {
        if (last - i < 0) continue;
        const std::int64_t o = start + (last - i) * in.channels;
        k[i] = to_float(in.k[o]);
        v[i] = to_float(in.v[o]);
        g[i] = to_float(in.dy[o]);
        y[i] = in.y_exact[o];
        log_sum[i] = in.log_sum[o];
      }
      TB_UNROLL
      for (int i = 0; i < ahead; ++i) {
        if (last - i < 0) continue;
        const std::int64_t o = start + (last - i) * in.channels;
        const float now = g[i] * exponential(bonus + k[i] - log_sum[i]);
        const float later = exponential(k[i] + exponent);
        const float du_token = now * (v[i] - y[i]);
        const float dk_token = du_token + later * (A * v[i] + B);
        in.dk[o] = from_float<Element>(dk_token);
        in.dv[o] = from_float<Element>(now + later * A);
        du_total += du_token;
        dk_sum += dk_token;
        dw_total += du_token - dk_sum;
        const float next = larger(exponent + decay, -log_sum[i]);
        const float kept = exponential(exponent + decay - next),
                    added = g[i] * exponential(-log_sum[i] - next);
        A = kept * A + added;
        B = kept * B - added * y[i];
        exponent = next;
      }
    }
    const std::int64_t o = static_cast<std::int64_t>(block.y()) * in.channels + channel;
    in.dw[o] = dw_total * decay;  // d (−exp(raw)) / d raw is −exp(raw) again
    in.du[o] = du_total;
  }
};

}  // namespace trainbudget::microbench
