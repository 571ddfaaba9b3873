// Binds WKV-5.2 and WKV-6, forward and backward.
#include "kernels/backend.h"
#include "kernels/linear_wkv.cuh"

namespace trainbudget::microbench::TB_BACKEND {

namespace {

template <bool decay_per_token>
using Inputs = LinearWkvArguments<Bfloat16, decay_per_token>;

template <bool decay_per_token>
Inputs<decay_per_token> inputs(const Shape& shape, const Arguments& arguments) {
  require_shape(shape.head_size == 64, "WKV-5.2 and WKV-6 are built for head size 64");
  require_shape(shape.sequence > 0, "WKV-5.2 and WKV-6 need at least one token");
  Inputs<decay_per_token> in{};
  in.r = arguments.get<Bfloat16>("r");
  in.k = arguments.get<Bfloat16>("k");
  in.v = arguments.get<Bfloat16>("v");
  if constexpr (decay_per_token) {
    in.w = arguments.get<Bfloat16>("w");
  } else {
    in.channel_w = arguments.get<float>("w");
  }
  in.u = arguments.get<Bfloat16>("u");
  in.batch = static_cast<int>(shape.batch);
  in.heads = static_cast<int>(shape.heads);
  in.sequence = shape.sequence;
  return in;
}

template <bool decay_per_token>
BoundKernel forward(const Shape& shape, const Arguments& arguments) {
  auto in = inputs<decay_per_token>(shape, arguments);
  in.y = arguments.get<Bfloat16>("y");
  return bind_launches(LinearWkv<Bfloat16, decay_per_token, LinearSweep::output>{in});
}

template <bool decay_per_token>
BoundKernel backward(const Shape& shape, const Arguments& arguments) {
  auto in = inputs<decay_per_token>(shape, arguments);
  in.dy = arguments.get<Bfloat16>("d_y");
  in.dr = arguments.get<Bfloat16>("d_r");
  in.dk = arguments.get<Bfloat16>("d_k");
  in.dv = arguments.get<Bfloat16>("d_v");
  in.dw = arguments.get<Bfloat16>("d_w");
  in.du = arguments.get<Bfloat16>("d_u");
  in.carried = arguments.get<float>("carried");
  return bind_launches(LinearWkv<Bfloat16, decay_per_token, LinearSweep::receptance, LinearSweep::value>{in},
                       LinearWkv<Bfloat16, decay_per_token, LinearSweep::key>{in});
}

}  // namespace

BoundKernel wkv5_forward(const Shape& shape, const Arguments& arguments) {
  return forward<false>(shape, arguments);
}
BoundKernel wkv5_backward(const Shape& shape, const Arguments& arguments) {
  return backward<false>(shape, arguments);
}
BoundKernel wkv6_forward(const Shape& shape, const Arguments& arguments) {
  return forward<true>(shape, arguments);
}
BoundKernel wkv6_backward(const Shape& shape, const Arguments& arguments) {
  return backward<true>(shape, arguments);
}

}  // namespace trainbudget::microbench::TB_BACKEND
