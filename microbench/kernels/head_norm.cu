// What follows the recurrence of RWKV-7 (arXiv 2503.14456, eq. 19–20): each head of y is normalised, gets the
// bonus (Σ r ⊙ key ⊙ r_k) v of the present token, and is gated:
//   out = (norm(y) ⊙ weight + bias + bonus) ⊙ gate
#include "kernels/strips_binding.h"

namespace trainbudget::microbench {

namespace {

constexpr int head_size = 64;
constexpr int head_lanes = head_size / strip_width;
// Upstream: 1e-5 × head size.
constexpr float epsilon = 64e-5F;

struct HeadNormParameters {
  Eight weight, bias, r_k;
};

struct HeadNormInputs {
  const Bfloat16 *y, *r, *key, *v, *gate;
  const Bfloat16 *weight, *bias, *r_k;

  TB_DEVICE HeadNormParameters parameters(int channel) const {
    HeadNormParameters p;
    load_floats(weight + channel, p.weight);
    load_floats(bias + channel, p.bias);
    load_floats(r_k + channel, p.r_k);
    return p;
  }
};

/// Turns eight values of a head into normalised ones; returns one over the deviation.
template <class Block>
TB_DEVICE float normalise(Block& block, Eight& values) {
  float sum = 0.0F;
  TB_UNROLL
  for (int i = 0; i < strip_width; ++i)
    sum += values[i];
  const float mean = sum_over_lanes<head_lanes>(block, sum) * (1.0F / head_size);
  float square = 0.0F;
  TB_UNROLL
  for (int i = 0; i < strip_width; ++i) {
    values[i] -= mean;
    square += values[i] * values[i];
  }
  const float variance = sum_over_lanes<head_lanes>(block, square) * (1.0F / head_size);
  const float inverse = 1.0F / sqrtf(variance + epsilon);
  TB_UNROLL
  for (int i = 0; i < strip_width; ++i)
    values[i] *= inverse;
  return inverse;
}

struct HeadNormForward {
  static constexpr int sums = 0;
  using Parameters = HeadNormParameters;
  HeadNormInputs in;
  Bfloat16* out;

  TB_DEVICE Parameters parameters(int channel) const { return in.parameters(channel); }

  template <class Block>
  TB_DEVICE void row(Block& block, const Place& place, const Parameters& p, float (&)[1][strip_width]) const {
    Eight y, r, key, v, gate;
    load_floats(in.y + place.element, y);
    load_floats(in.r + place.element, r);
    load_floats(in.key + place.element, key);
    load_floats(in.v + place.element, v);
    load_floats(in.gate + place.element, gate);
    normalise(block, y);
    float bonus = 0.0F;
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i)
      bonus += r[i] * key[i] * p.r_k[i];
    bonus = sum_over_lanes<head_lanes>(block, bonus);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i)
      y[i] = (y[i] * p.weight[i] + p.bias[i] + bonus * v[i]) * gate[i];
    place.store(out, y);
  }
};

struct HeadNormBackward {
  static constexpr int sums = 3;  ///< d_weight, d_bias, d_r_k
  using Parameters = HeadNormParameters;
  HeadNormInputs in;
  const Bfloat16* d_out;
  Bfloat16 *d_y, *d_r, *d_key, *d_v, *d_gate;

  TB_DEVICE Parameters parameters(int channel) const { return in.parameters(channel); }

  template <class Block>
  TB_DEVICE void row(Block& block, const Place& place, const Parameters& p,
                     float (&sum)[3][strip_width]) const {
    Eight y, r, key, v, gate, g;
    load_floats(in.y + place.element, y);
    load_floats(in.r + place.element, r);
    load_floats(in.key + place.element, key);
    load_floats(in.v + place.element, v);
    load_floats(in.gate + place.element, gate);
    load_floats(d_out + place.element, g);
    const float inverse = normalise(block, y);
    float bonus = 0.0F;
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i)
      bonus += r[i] * key[i] * p.r_k[i];
    bonus = sum_over_lanes<head_lanes>(block, bonus);
    float d_bonus = 0.0F, mean = 0.0F, along = 0.0F;
    Eight scaled;
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      const float before_gate = y[i] * p.weight[i] + p.bias[i] + bonus * v[i];
      const float d_before = g[i] * gate[i];
      gate[i] = g[i] * before_gate;
      sum[0][i] += d_before * y[i];
      sum[1][i] += d_before;
      d_bonus += d_before * v[i];
      v[i] = d_before * bonus;
      scaled[i] = d_before * p.weight[i];
      mean += scaled[i];
      along += scaled[i] * y[i];
    }
    d_bonus = sum_over_lanes<head_lanes>(block, d_bonus);
    mean = sum_over_lanes<head_lanes>(block, mean) * (1.0F / head_size);
    along = sum_over_lanes<head_lanes>(block, along) * (1.0F / head_size);
    place.store(d_gate, gate);
    place.store(d_v, v);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      y[i] = (scaled[i] - mean - y[i] * along) * inverse;
      sum[2][i] += d_bonus * r[i] * key[i];
      const float d_key_i = d_bonus * r[i] * p.r_k[i];
      r[i] = d_bonus * key[i] * p.r_k[i];
      key[i] = d_key_i;
    }
    place.store(d_y, y);
    place.store(d_r, r);
    place.store(d_key, key);
  }
};

}  // namespace

namespace TB_BACKEND {

namespace {

HeadNormInputs inputs(const Shape& shape, const Arguments& a) {
  require_shape(shape.head_size == head_size && shape.channels % head_size == 0,
                "the head norm is built for heads of 64 channels");
  return {a.get<Bfloat16>("y"),    a.get<Bfloat16>("r"),    a.get<Bfloat16>("key"),
          a.get<Bfloat16>("v"),    a.get<Bfloat16>("gate"), a.get<Bfloat16>("weight"),
          a.get<Bfloat16>("bias"), a.get<Bfloat16>("r_k")};
}

}  // namespace

BoundKernel head_norm_forward(const Shape& shape, const Arguments& a) {
  return bind_pass(shape, HeadNormForward{inputs(shape, a), a.get<Bfloat16>("out")});
}

BoundKernel head_norm_backward(const Shape& shape, const Arguments& a) {
  return bind_summing_pass(
      shape,
      HeadNormBackward{inputs(shape, a), a.get<Bfloat16>("d_out"), a.get<Bfloat16>("d_y"),
                       a.get<Bfloat16>("d_r"), a.get<Bfloat16>("d_key"), a.get<Bfloat16>("d_v"),
                       a.get<Bfloat16>("d_gate")},
      a.get<float>("partial"), {{a.get<float>("d_weight"), a.get<float>("d_bias"), a.get<float>("d_r_k")}});
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
