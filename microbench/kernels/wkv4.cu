// Binds WKV-4, forward and backward, with bfloat16 and with float inputs.
#include "kernels/backend.h"
#include "kernels/wkv4.cuh"

namespace trainbudget::microbench::TB_BACKEND {

namespace {

template <class Element>
Wkv4Arguments<Element> common(const Shape& shape, const Arguments& arguments) {
  require_shape(shape.sequence > 0, "WKV-4 needs at least one token");
  Wkv4Arguments<Element> in{};
  in.w = arguments.get<float>("w");
  in.u = arguments.get<float>("u");
  in.k = arguments.get<Element>("k");
  in.v = arguments.get<Element>("v");
  in.y_exact = arguments.get<float>(std::is_same_v<Element, float> ? "y" : "y_exact");
  in.log_sum = arguments.get<float>("log_sum");
  in.batch = static_cast<int>(shape.batch);
  in.channels = static_cast<int>(shape.channels);
  in.sequence = shape.sequence;
  return in;
}

template <class Element>
BoundKernel forward(const Shape& shape, const Arguments& arguments) {
  auto in = common<Element>(shape, arguments);
  in.y = arguments.get<Element>("y");
  return bind_launches(Wkv4Forward<Element>{{}, in});
}

template <class Element>
BoundKernel backward(const Shape& shape, const Arguments& arguments) {
  auto in = common<Element>(shape, arguments);
  in.dy = arguments.get<Element>("d_y");
  in.dw = arguments.get<float>("d_w");
  in.du = arguments.get<float>("d_u");
  in.dk = arguments.get<Element>("d_k");
  in.dv = arguments.get<Element>("d_v");
  return bind_launches(Wkv4Backward<Element>{{}, in});
}

}  // namespace

BoundKernel wkv4_forward(const Shape& shape, const Arguments& arguments) {
  return forward<Bfloat16>(shape, arguments);
}
BoundKernel wkv4_backward(const Shape& shape, const Arguments& arguments) {
  return backward<Bfloat16>(shape, arguments);
}
BoundKernel wkv4_fp32_forward(const Shape& shape, const Arguments& arguments) {
  return forward<float>(shape, arguments);
}
BoundKernel wkv4_fp32_backward(const Shape& shape, const Arguments& arguments) {
  return backward<float>(shape, arguments);
}

}  // namespace trainbudget::microbench::TB_BACKEND
