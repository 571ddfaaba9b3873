// Passes over flat arrays: the activations of the low-rank layers and of the channel mix, and the residual
// addition.
#include "kernels/backend.h"
#include "kernels/decay.cuh"
#include "portable/pack.h"

namespace trainbudget::microbench {

namespace {

constexpr int flat_width = 8;

/// result_i = function(first_i, second_i), eight elements a thread. Grid: elements / 2048.
template <class Function>
struct Flat {
  static constexpr int threads = 256;
  static constexpr int blocks_per_multiprocessor = 4;
  struct Shared {};

  const Bfloat16 *first, *second;  ///< `second` unread by functions of one argument
  Bfloat16* result;
  std::int64_t elements;

  Grid grid() const {
    return {static_cast<unsigned>(divide_up<std::int64_t>(elements, threads * flat_width)), 1, 1};
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared&) const {
    const std::int64_t start = (static_cast<std::int64_t>(block.x()) * threads + block.thread()) * flat_width;
    if (start + flat_width > elements) {
      for (std::int64_t i = start; i < elements; ++i) {
        const float other = Function::arguments == 2 ? to_float(second[i]) : 0.0F;
        result[i] = from_float<Bfloat16>(Function::apply(to_float(first[i]), other));
      }
      return;
    }
    float x[flat_width], z[flat_width] = {};
    load_floats(first + start, x);
    if constexpr (Function::arguments == 2) load_floats(second + start, z);
    TB_UNROLL
    for (int i = 0; i < flat_width; ++i)
      x[i] = Function::apply(x[i], z[i]);
    store_floats(result + start, x);
  }
};

struct Sum {
  static constexpr int arguments = 2;
  static TB_DEVICE float apply(float x, float z) { return x + z; }
};
struct Sigmoid {
  static constexpr int arguments = 1;
  static TB_DEVICE float apply(float x, float) { return sigmoid(x); }
};
/// From the sigmoid's value and the gradient of it.
struct SigmoidGradient {
  static constexpr int arguments = 2;
  static TB_DEVICE float apply(float y, float d_y) { return d_y * y * (1.0F - y); }
};
struct HyperbolicTangent {
  static constexpr int arguments = 1;
  static TB_DEVICE float apply(float x, float) { return tanhf(x); }
};
struct HyperbolicTangentGradient {
  static constexpr int arguments = 2;
  static TB_DEVICE float apply(float y, float d_y) { return d_y * (1.0F - y * y); }
};
/// max(x, 0)², the channel mix of every RWKV.
struct SquaredRelu {
  static constexpr int arguments = 1;
  static TB_DEVICE float apply(float x, float) { return x > 0.0F ? x * x : 0.0F; }
};
struct SquaredReluGradient {
  static constexpr int arguments = 2;
  static TB_DEVICE float apply(float x, float d_y) { return x > 0.0F ? 2.0F * x * d_y : 0.0F; }
};

}  // namespace

namespace TB_BACKEND {

namespace {

template <class Function>
BoundKernel flat(const Shape& shape, const Arguments& a, const char* first, const char* second,
                 const char* result) {
  require_shape(shape.elements > 0, "a flat pass needs at least one element");
  return bind_launches(Flat<Function>{a.get<Bfloat16>(first), second ? a.get<Bfloat16>(second) : nullptr,
                                      a.get<Bfloat16>(result), shape.elements});
}

}  // namespace

BoundKernel residual(const Shape& shape, const Arguments& a) {
  return flat<Sum>(shape, a, "x", "z", "y");
}
BoundKernel sigmoid_forward(const Shape& shape, const Arguments& a) {
  return flat<Sigmoid>(shape, a, "x", nullptr, "y");
}
BoundKernel sigmoid_backward(const Shape& shape, const Arguments& a) {
  return flat<SigmoidGradient>(shape, a, "y", "d_y", "d_x");
}
BoundKernel tanh_forward(const Shape& shape, const Arguments& a) {
  return flat<HyperbolicTangent>(shape, a, "x", nullptr, "y");
}
BoundKernel tanh_backward(const Shape& shape, const Arguments& a) {
  return flat<HyperbolicTangentGradient>(shape, a, "y", "d_y", "d_x");
}
BoundKernel squared_relu_forward(const Shape& shape, const Arguments& a) {
  return flat<SquaredRelu>(shape, a, "x", nullptr, "y");
}
BoundKernel squared_relu_backward(const Shape& shape, const Arguments& a) {
  return flat<SquaredReluGradient>(shape, a, "x", "d_y", "d_x");
}

}  // namespace TB_BACKEND

}  // namespace trainbudget::microbench
