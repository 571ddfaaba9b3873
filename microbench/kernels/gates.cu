// The gates of a RWKV-7 time mix that carry a bias per channel (arXiv 2503.14456, §4): the decay w0 + x, the
// in-context learning rate sigmoid(a0 + x), and the value residual v + (v_first − v) ⊙ sigmoid(v0 + x).
#include "kernels/decay.cuh"
#include "kernels/strips_binding.h"

namespace trainbudget::microbench {

namespace {

struct Bias {
  Eight value;
};

TB_DEVICE Bias load_bias(const Bfloat16* bias, int channel) {
  Bias result;
  load_floats(bias + channel, result.value);
  return result;
}

struct NoParameters {};

template <bool through_sigmoid>
struct BiasForward {
  static constexpr int sums = 0;
  using Parameters = Bias;
  const Bfloat16 *x, *bias;
  Bfloat16* y;

  TB_DEVICE Parameters parameters(int channel) const { return load_bias(bias, channel); }

  template <class Block>
  TB_DEVICE void row(Block&, const Place& place, const Parameters& p, float (&)[1][strip_width]) const {
    Eight value;
    load_floats(x + place.element, value);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      value[i] += p.value[i];
      if constexpr (through_sigmoid) value[i] = sigmoid(value[i]);
    }
    place.store(y, value);
  }
};

/// The gradient of x is that of y, so only the bias is summed.
struct BiasBackward {
  static constexpr int sums = 1;
  using Parameters = NoParameters;
  const Bfloat16* d_y;

  TB_DEVICE Parameters parameters(int) const { return {}; }

  template <class Block>
  TB_DEVICE void row(Block&, const Place& place, const Parameters&, float (&sum)[1][strip_width]) const {
    Eight gradient;
    load_floats(d_y + place.element, gradient);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i)
      sum[0][i] += gradient[i];
  }
};

struct SigmoidGateBackward {
  static constexpr int sums = 1;
  using Parameters = NoParameters;
  const Bfloat16 *y, *d_y;
  Bfloat16* d_x;

  TB_DEVICE Parameters parameters(int) const { return {}; }

  template <class Block>
  TB_DEVICE void row(Block&, const Place& place, const Parameters&, float (&sum)[1][strip_width]) const {
    Eight gate, gradient;
    load_floats(y + place.element, gate);
    load_floats(d_y + place.element, gradient);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      gradient[i] *= gate[i] * (1.0F - gate[i]);
      sum[0][i] += gradient[i];
    }
    place.store(d_x, gradient);
  }
};

struct ValueResidualForward {
  static constexpr int sums = 0;
  using Parameters = Bias;
  const Bfloat16 *v, *v_first, *x, *bias;
  Bfloat16* y;

  TB_DEVICE Parameters parameters(int channel) const { return load_bias(bias, channel); }

  template <class Block>
  TB_DEVICE void row(Block&, const Place& place, const Parameters& p, float (&)[1][strip_width]) const {
    Eight value, first, gate;
    load_floats(v + place.element, value);
    load_floats(v_first + place.element, first);
    load_floats(x + place.element, gate);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i)
      value[i] += (first[i] - value[i]) * sigmoid(gate[i] + p.value[i]);
    place.store(y, value);
  }
};

struct ValueResidualBackward {
  static constexpr int sums = 1;
  using Parameters = Bias;
  const Bfloat16 *v, *v_first, *x, *bias, *d_y;
  Bfloat16 *d_v, *d_v_first, *d_x;

  TB_DEVICE Parameters parameters(int channel) const { return load_bias(bias, channel); }

  template <class Block>
  TB_DEVICE void row(Block&, const Place& place, const Parameters& p, float (&sum)[1][strip_width]) const {
    Eight value, first, logit, gradient, kept;
    load_floats(v + place.element, value);
    load_floats(v_first + place.element, first);
    load_floats(x + place.element, logit);
    load_floats(d_y + place.element, gradient);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      const float gate = sigmoid(logit[i] + p.value[i]);
      logit[i] = gradient[i] * (first[i] - value[i]) * gate * (1.0F - gate);
      sum[0][i] += logit[i];
      kept[i] = gradient[i] * (1.0F - gate);
      gradient[i] *= gate;
    }
    place.store(d_v, kept);
    place.store(d_v_first, gradient);
    place.store(d_x, logit);
  }
};

}  // namespace

namespace TB_BACKEND {

BoundKernel bias_forward(const Shape& shape, const Arguments& a) {
  return bind_pass(shape,
                   BiasForward<false>{a.get<Bfloat16>("x"), a.get<Bfloat16>("bias"), a.get<Bfloat16>("y")});
}
BoundKernel bias_backward(const Shape& shape, const Arguments& a) {
  return bind_summing_pass(shape, BiasBackward{a.get<Bfloat16>("d_y")}, a.get<float>("partial"),
                           {{a.get<float>("d_bias")}});
}
BoundKernel sigmoid_gate_forward(const Shape& shape, const Arguments& a) {
  return bind_pass(shape,
                   BiasForward<true>{a.get<Bfloat16>("x"), a.get<Bfloat16>("bias"), a.get<Bfloat16>("y")});
}
BoundKernel sigmoid_gate_backward(const Shape& shape, const Arguments& a) {
  return bind_summing_pass(
      shape, SigmoidGateBackward{a.get<Bfloat16>("y"), a.get<Bfloat16>("d_y"), a.get<Bfloat16>("d_x")},
      a.get<float>("partial"), {{a.get<float>("d_bias")}});
}
BoundKernel value_residual_forward(const Shape& shape, const Arguments& a) {
  return bind_pass(
      shape, ValueResidualForward{a.get<Bfloat16>("v"), a.get<Bfloat16>("v_first"), a.get<Bfloat16>("x"),
                                  a.get<Bfloat16>("bias"), a.get<Bfloat16>("y")});
}
BoundKernel value_residual_backward(const Shape& shape, const Arguments& a) {
  return bind_summing_pass(
      shape,
      ValueResidualBackward{a.get<Bfloat16>("v"), a.get<Bfloat16>("v_first"), a.get<Bfloat16>("x"),
                            a.get<Bfloat16>("bias"), a.get<Bfloat16>("d_y"), a.get<Bfloat16>("d_v"),
                            a.get<Bfloat16>("d_v_first"), a.get<Bfloat16>("d_x")},
      a.get<float>("partial"), {{a.get<float>("d_bias")}});
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
