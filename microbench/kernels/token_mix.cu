// Token shift: each of n outputs mixes a token with the one before it, x_t + (x_(t−1) − x_t) ⊙ mix_i; the
// token before the first is zero. Six outputs for the time mix of RWKV-7, one for its channel mix (arXiv
// 2503.14456, eq. 3).
#include "kernels/strips_binding.h"

namespace trainbudget::microbench {

namespace {

/// Eight channels of the token before (or after) `place`, zero at the ends of a sequence.
TB_DEVICE void load_neighbour(const Bfloat16* x, const Place& place, int step, std::int64_t sequence,
                              std::int64_t channels, Eight& values) {
  const std::int64_t t = place.row % sequence + step;
  if (t < 0 || t >= sequence) {
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i)
      values[i] = 0.0F;
    return;
  }
  load_floats(x + place.element + step * channels, values);
}

/// Kept as stored: as floats they would take a fifth of a thread's registers.
template <int outputs>
struct MixParameters {
  Pack<Bfloat16, strip_width> mix[outputs];

  TB_DEVICE float operator()(int output, int i) const { return to_float(mix[output].element[i]); }
};

template <int outputs>
TB_DEVICE MixParameters<outputs> load_mix(const Bfloat16* mix, int channel, std::int64_t channels) {
  MixParameters<outputs> parameters;
  TB_UNROLL
  for (int n = 0; n < outputs; ++n)
    parameters.mix[n] = load_pack<strip_width>(mix + n * channels + channel);
  return parameters;
}

template <int outputs>
struct TokenMixForward {
  static constexpr int sums = 0;
  using Parameters = MixParameters<outputs>;
  const Bfloat16 *x, *mix;  ///< x [tokens, channels], mix [outputs, channels]
  Bfloat16* mixed;          ///< [outputs, tokens, channels]
  std::int64_t tokens, sequence, channels;

  TB_DEVICE Parameters parameters(int channel) const { return load_mix<outputs>(mix, channel, channels); }

  template <class Block>
  TB_DEVICE void row(Block&, const Place& place, const Parameters& p, float (&)[1][strip_width]) const {
    Eight here, before, out;
    load_floats(x + place.element, here);
    load_neighbour(x, place, -1, sequence, channels, before);
    TB_UNROLL
    for (int n = 0; n < outputs; ++n) {
      TB_UNROLL
      for (int i = 0; i < strip_width; ++i)
        out[i] = here[i] + (before[i] - here[i]) * p(n, i);
      place.store(mixed + n * tokens * channels, out);
    }
  }
};

template <int outputs>
struct TokenMixBackward {
  static constexpr int sums = outputs;
  using Parameters = MixParameters<outputs>;
  const Bfloat16 *x, *mix, *d_mixed;
  Bfloat16* d_x;
  std::int64_t tokens, sequence, channels;

  TB_DEVICE Parameters parameters(int channel) const { return load_mix<outputs>(mix, channel, channels); }

  template <class Block>
  TB_DEVICE void row(Block&, const Place& place, const Parameters& p,
                     float (&sum)[outputs][strip_width]) const {
    Eight here, before, gradient, next, total = {};
    load_floats(x + place.element, here);
    load_neighbour(x, place, -1, sequence, channels, before);
    TB_UNROLL
    for (int n = 0; n < outputs; ++n) {
      const Bfloat16* source = d_mixed + n * tokens * channels;
      load_floats(source + place.element, gradient);
      load_neighbour(source, place, 1, sequence, channels, next);
      TB_UNROLL
      for (int i = 0; i < strip_width; ++i) {
        total[i] += gradient[i] * (1.0F - p(n, i)) + next[i] * p(n, i);
        sum[n][i] += gradient[i] * (before[i] - here[i]);
      }
    }
    place.store(d_x, total);
  }
};

}  // namespace

namespace TB_BACKEND {

namespace {

template <int outputs>
BoundKernel mix_forward(const Shape& shape, const Arguments& a) {
  return bind_pass(
      shape, TokenMixForward<outputs>{a.get<Bfloat16>("x"), a.get<Bfloat16>("mix"), a.get<Bfloat16>("mixed"),
                                      shape.tokens(), shape.sequence, shape.channels});
}

template <int outputs>
BoundKernel mix_backward(const Shape& shape, const Arguments& a) {
  SumTargets<outputs> targets;
  for (int n = 0; n < outputs; ++n)
    targets.target[n] = a.get<float>("d_mix") + n * shape.channels;
  return bind_summing_pass(
      shape,
      TokenMixBackward<outputs>{a.get<Bfloat16>("x"), a.get<Bfloat16>("mix"), a.get<Bfloat16>("d_mixed"),
                                a.get<Bfloat16>("d_x"), shape.tokens(), shape.sequence, shape.channels},
      a.get<float>("partial"), targets);
}

}  // namespace

BoundKernel token_mix6_forward(const Shape& shape, const Arguments& a) {
  return mix_forward<6>(shape, a);
}
BoundKernel token_mix6_backward(const Shape& shape, const Arguments& a) {
  return mix_backward<6>(shape, a);
}
BoundKernel token_mix1_forward(const Shape& shape, const Arguments& a) {
  return mix_forward<1>(shape, a);
}
BoundKernel token_mix1_backward(const Shape& shape, const Arguments& a) {
  return mix_backward<1>(shape, a);
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
