// From the key and the in-context learning rate of RWKV-7 to what its recurrence takes (arXiv 2503.14456, eq.
// 6–8):
//   kk = normalise(k ⊙ k_k) per head,   key = k ⊙ (1 + (rate − 1) ⊙ k_a),   removal = −kk,   replacement = kk
//   ⊙ rate
#include "kernels/strips_binding.h"

namespace trainbudget::microbench {

namespace {

constexpr int head_lanes = 64 / strip_width;
// Below this length a head's key is divided by it instead, as upstream's normalize does.
constexpr float shortest = 1e-12F;

struct KeyParameters {
  Eight k_k, k_a;
};

/// The unit key of eight channels of a head; returns one over the length.
template <class Block>
TB_DEVICE float normalise(Block& block, const Eight& k, const KeyParameters& p, Eight& unit) {
  float square = 0.0F;
  TB_UNROLL
  for (int i = 0; i < strip_width; ++i) {
    unit[i] = k[i] * p.k_k[i];
    square += unit[i] * unit[i];
  }
  const float length = sqrtf(sum_over_lanes<head_lanes>(block, square));
  const float inverse = 1.0F / (length > shortest ? length : shortest);
  TB_UNROLL
  for (int i = 0; i < strip_width; ++i)
    unit[i] *= inverse;
  return inverse;
}

struct KeyForward {
  static constexpr int sums = 0;
  using Parameters = KeyParameters;
  const Bfloat16 *k, *rate, *k_k, *k_a;
  Bfloat16 *key, *removal, *replacement;

  TB_DEVICE Parameters parameters(int channel) const {
    Parameters p;
    load_floats(k_k + channel, p.k_k);
    load_floats(k_a + channel, p.k_a);
    return p;
  }

  template <class Block>
  TB_DEVICE void row(Block& block, const Place& place, const Parameters& p, float (&)[1][strip_width]) const {
    Eight key_in, learning, unit, out;
    load_floats(k + place.element, key_in);
    load_floats(rate + place.element, learning);
    normalise(block, key_in, p, unit);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i)
      out[i] = key_in[i] * (1.0F + (learning[i] - 1.0F) * p.k_a[i]);
    place.store(key, out);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      out[i] = -unit[i];
      unit[i] *= learning[i];
    }
    place.store(removal, out);
    place.store(replacement, unit);
  }
};

struct KeyBackward {
  static constexpr int sums = 2;  ///< d_k_k, d_k_a
  using Parameters = KeyParameters;
  const Bfloat16 *k, *rate, *k_k, *k_a, *d_key, *d_removal, *d_replacement;
  Bfloat16 *d_k, *d_rate;

  TB_DEVICE Parameters parameters(int channel) const {
    Parameters p;
    load_floats(k_k + channel, p.k_k);
    load_floats(k_a + channel, p.k_a);
    return p;
  }

  template <class Block>
  TB_DEVICE void row(Block& block, const Place& place, const Parameters& p,
                     float (&sum)[2][strip_width]) const {
    Eight key_in, learning, g_key, g_removal, g_replacement, unit;
    load_floats(k + place.element, key_in);
    load_floats(rate + place.element, learning);
    load_floats(d_key + place.element, g_key);
    load_floats(d_removal + place.element, g_removal);
    load_floats(d_replacement + place.element, g_replacement);
    const float inverse = normalise(block, key_in, p, unit);
    float along = 0.0F;
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      const float kept = 1.0F + (learning[i] - 1.0F) * p.k_a[i];
      sum[1][i] += g_key[i] * key_in[i] * (learning[i] - 1.0F);
      // What the unit key receives; its part along the key itself does not change the direction.
      const float received = g_replacement[i] * learning[i] - g_removal[i];
      learning[i] = g_replacement[i] * unit[i] + g_key[i] * key_in[i] * p.k_a[i];
      g_removal[i] = received;
      g_key[i] *= kept;
      along += received * unit[i];
    }
    along = sum_over_lanes<head_lanes>(block, along);
    TB_UNROLL
    for (int i = 0; i < strip_width; ++i) {
      const float d_scaled = (g_removal[i] - unit[i] * along) * inverse;
      sum[0][i] += d_scaled * key_in[i];
      g_key[i] += d_scaled * p.k_k[i];
    }
    place.store(d_k, g_key);
    place.store(d_rate, learning);
  }
};

}  // namespace

namespace TB_BACKEND {

BoundKernel key_preparation_forward(const Shape& shape, const Arguments& a) {
  require_shape(shape.head_size == 64 && shape.channels % 64 == 0,
                "key preparation is built for heads of 64 channels");
  return bind_pass(shape, KeyForward{a.get<Bfloat16>("k"), a.get<Bfloat16>("rate"), a.get<Bfloat16>("k_k"),
                                     a.get<Bfloat16>("k_a"), a.get<Bfloat16>("key"),
                                     a.get<Bfloat16>("removal"), a.get<Bfloat16>("replacement")});
}

BoundKernel key_preparation_backward(const Shape& shape, const Arguments& a) {
  require_shape(shape.head_size == 64 && shape.channels % 64 == 0,
                "key preparation is built for heads of 64 channels");
  return bind_summing_pass(
      shape,
      KeyBackward{a.get<Bfloat16>("k"), a.get<Bfloat16>("rate"), a.get<Bfloat16>("k_k"),
                  a.get<Bfloat16>("k_a"), a.get<Bfloat16>("d_key"), a.get<Bfloat16>("d_removal"),
                  a.get<Bfloat16>("d_replacement"), a.get<Bfloat16>("d_k"), a.get<Bfloat16>("d_rate")},
      a.get<float>("partial"), {{a.get<float>("d_k_k"), a.get<float>("d_k_a")}});
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
