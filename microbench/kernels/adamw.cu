// AdamW (Loshchilov and Hutter, arXiv 1711.05101) as mixed-precision training runs it: fp32 master weights
// and moments, a bfloat16 gradient, and the bfloat16 weights that the next step computes with.
#include "kernels/adamw_settings.h"
#include "kernels/backend.h"
#include "portable/pack.h"

namespace trainbudget::microbench {

namespace {

constexpr int adamw_width = 4;

/// Four parameters a thread. Grid: elements / 1024.
struct Adamw {
  static constexpr int threads = 256;
  static constexpr int blocks_per_multiprocessor = 4;
  struct Shared {};

  float *master, *mean, *variance;
  const Bfloat16* gradient;
  Bfloat16* weight;
  std::int64_t elements;
  float beta1, beta2, epsilon;
  float decay;            ///< 1 − learning rate × weight decay
  float step_size;        ///< learning rate ÷ (1 − beta1^step)
  float variance_factor;  ///< 1 ÷ (1 − beta2^step)

  Grid grid() const {
    return {static_cast<unsigned>(divide_up<std::int64_t>(elements, threads * adamw_width)), 1, 1};
  }

  TB_DEVICE void update(float& p, float& m, float& v, float g) const {
    m = beta1 * m + (1.0F - beta1) * g;
    v = beta2 * v + (1.0F - beta2) * g * g;
    p = p * decay - step_size * m / (sqrtf(v * variance_factor) + epsilon);
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared&) const {
    const std::int64_t start =
        (static_cast<std::int64_t>(block.x()) * threads + block.thread()) * adamw_width;
    if (start + adamw_width > elements) {
      for (std::int64_t i = start; i < elements; ++i) {
        update(master[i], mean[i], variance[i], to_float(gradient[i]));
        weight[i] = from_float<Bfloat16>(master[i]);
      }
      return;
    }
    float p[adamw_width], m[adamw_width], v[adamw_width], g[adamw_width];
    load_floats(master + start, p);
    load_floats(mean + start, m);
    load_floats(variance + start, v);
    load_floats(gradient + start, g);
    TB_UNROLL
    for (int i = 0; i < adamw_width; ++i)
      update(p[i], m[i], v[i], g[i]);
    store_floats(master + start, p);
    store_floats(mean + start, m);
    store_floats(variance + start, v);
    store_floats(weight + start, p);
  }
};

}  // namespace

namespace TB_BACKEND {

BoundKernel adamw(const Shape& shape, const Arguments& a) {
  require_shape(shape.elements > 0 && shape.step > 0, "AdamW needs at least one parameter and step 1");
  const AdamwSettings settings;
  const double steps = static_cast<double>(shape.step);
  return bind_launches(Adamw{
      a.get<float>("master"), a.get<float>("mean"), a.get<float>("variance"), a.get<Bfloat16>("gradient"),
      a.get<Bfloat16>("weight"), shape.elements, static_cast<float>(settings.beta1),
      static_cast<float>(settings.beta2), static_cast<float>(settings.epsilon),
      static_cast<float>(1.0 - settings.learning_rate * settings.weight_decay),
      static_cast<float>(settings.learning_rate / (1.0 - std::pow(settings.beta1, steps))),
      static_cast<float>(1.0 / (1.0 - std::pow(settings.beta2, steps)))});
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
