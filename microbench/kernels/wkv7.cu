// Binds WKV-7, forward and backward, at the head sizes and element types that training uses.
#include "kernels/backend.h"
#include "kernels/wkv7_backward.cuh"

namespace trainbudget::microbench::TB_BACKEND {

namespace {

template <class Element>
Wkv7Inputs<Element> inputs(const Arguments& arguments) {
  return {arguments.get<Element>("r"), arguments.get<Element>("w"), arguments.get<Element>("k"),
          arguments.get<Element>("v"), arguments.get<Element>("a"), arguments.get<Element>("b")};
}

template <int head_size, class Element, class Decay>
BoundKernel bind_forward(const Shape& shape, const Arguments& arguments) {
  return bind_launches(Wkv7Forward<head_size, Element, Decay>{
      inputs<Element>(arguments), arguments.get<Element>("y"), arguments.get<float>("state"),
      arguments.get<float>("state_a"), static_cast<int>(shape.batch), static_cast<int>(shape.heads),
      shape.sequence});
}

template <int head_size, class Element, class Decay>
BoundKernel bind_backward(const Shape& shape, const Arguments& arguments) {
  return bind_launches(Wkv7Backward<head_size, Element, Decay>{
      inputs<Element>(arguments), arguments.get<Element>("d_y"), arguments.get<float>("state"),
      arguments.get<float>("state_a"), arguments.get<Element>("d_r"), arguments.get<Element>("d_w"),
      arguments.get<Element>("d_k"), arguments.get<Element>("d_v"), arguments.get<Element>("d_a"),
      arguments.get<Element>("d_b"), static_cast<int>(shape.batch), static_cast<int>(shape.heads),
      shape.sequence});
}

void check(const Shape& shape) {
  require_shape(shape.sequence > 0 && shape.sequence % wkv7_checkpoint == 0,
                "WKV-7 needs a sequence that is a multiple of 16");
  require_shape(shape.head_size == 64 || shape.head_size == 128, "WKV-7 is built for head sizes 64 and 128");
}

template <class Element, class Decay>
BoundKernel forward(const Shape& shape, const Arguments& arguments) {
  check(shape);
  return shape.head_size == 64 ? bind_forward<64, Element, Decay>(shape, arguments)
                               : bind_forward<128, Element, Decay>(shape, arguments);
}

template <class Element, class Decay>
BoundKernel backward(const Shape& shape, const Arguments& arguments) {
  check(shape);
  return shape.head_size == 64 ? bind_backward<64, Element, Decay>(shape, arguments)
                               : bind_backward<128, Element, Decay>(shape, arguments);
}

}  // namespace

BoundKernel wkv7_forward(const Shape& shape, const Arguments& arguments) {
  return forward<Bfloat16, SoftClampDecay>(shape, arguments);
}
BoundKernel wkv7_backward(const Shape& shape, const Arguments& arguments) {
  return backward<Bfloat16, SoftClampDecay>(shape, arguments);
}
BoundKernel wkv7_exponential_forward(const Shape& shape, const Arguments& arguments) {
  return forward<Bfloat16, ExponentialDecay>(shape, arguments);
}
BoundKernel wkv7_exponential_backward(const Shape& shape, const Arguments& arguments) {
  return backward<Bfloat16, ExponentialDecay>(shape, arguments);
}
BoundKernel wkv7_fp32_forward(const Shape& shape, const Arguments& arguments) {
  return forward<float, SoftClampDecay>(shape, arguments);
}
BoundKernel wkv7_fp32_backward(const Shape& shape, const Arguments& arguments) {
  return backward<float, SoftClampDecay>(shape, arguments);
}

}  // namespace trainbudget::microbench::TB_BACKEND
