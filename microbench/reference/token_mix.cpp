// Token shift in double precision: see kernels/token_mix.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

template <int outputs>
void forward(const Shape& shape, Values& x) {
  const std::int64_t size = shape.tokens() * shape.channels;
  clear(x, outputs * size, {"mixed"});
  const auto &in = x["x"], &mix = x["mix"];
  auto& mixed = x["mixed"];
  for (std::int64_t row = 0; row < shape.tokens(); ++row) {
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const std::int64_t o = row * shape.channels + c;
      const double before = row % shape.sequence == 0 ? 0.0 : in[index(o - shape.channels)];
      for (std::int64_t n = 0; n < outputs; ++n) {
        mixed[index(n * size + o)] =
            in[index(o)] + (before - in[index(o)]) * mix[index(n * shape.channels + c)];
      }
    }
  }
}

template <int outputs>
void backward(const Shape& shape, Values& x) {
  const std::int64_t size = shape.tokens() * shape.channels;
  clear(x, size, {"d_x"});
  clear(x, outputs * shape.channels, {"d_mix"});
  const auto &in = x["x"], &mix = x["mix"], &g = x["d_mixed"];
  auto &d_x = x["d_x"], &d_mix = x["d_mix"];
  for (std::int64_t row = 0; row < shape.tokens(); ++row) {
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const std::int64_t o = row * shape.channels + c;
      const bool first = row % shape.sequence == 0;
      const double before = first ? 0.0 : in[index(o - shape.channels)];
      for (std::int64_t n = 0; n < outputs; ++n) {
        const double gradient = g[index(n * size + o)], m = mix[index(n * shape.channels + c)];
        d_x[index(o)] += gradient * (1.0 - m);
        if (!first) d_x[index(o - shape.channels)] += gradient * m;
        d_mix[index(n * shape.channels + c)] += gradient * (before - in[index(o)]);
      }
    }
  }
}

template <int outputs>
std::vector<Tensor> forward_tensors(const Shape& shape) {
  const std::int64_t size = shape.tokens() * shape.channels;
  return {activation(shape, "x"),
          {.name = "mix", .count = outputs * shape.channels, .fill = {Fill::Kind::uniform, 0.5F, 0.5F}},
          {.name = "mixed", .role = Role::output, .count = outputs * size}};
}

template <int outputs>
std::vector<Tensor> backward_tensors(const Shape& shape) {
  auto tensors = forward_tensors<outputs>(shape);
  tensors.back() = {.name = "d_mixed", .count = outputs * shape.tokens() * shape.channels};
  tensors.push_back(activation(shape, "d_x", Role::output));
  tensors.push_back(channel_sum(shape, "d_mix", outputs));
  tensors.push_back(partial_sums(shape, outputs));
  return tensors;
}

template <int outputs>
KernelSpecification forward_specification() {
  return {.summary = outputs == 1 ? "token shift mix, one output" : "token shift mix, six outputs",
          .tensors = forward_tensors<outputs>,
          .reference = forward<outputs>,
          .test_shapes = row_shapes()};
}

template <int outputs>
KernelSpecification backward_specification() {
  return {.summary = outputs == 1 ? "token shift mix, one output, gradient"
                                  : "token shift mix, six outputs, gradient",
          .tensors = backward_tensors<outputs>,
          .reference = backward<outputs>,
          .test_shapes = row_shapes(),
          .differentiates = forward<outputs>};
}

}  // namespace

KernelSpecification token_mix6_forward() {
  return forward_specification<6>();
}
KernelSpecification token_mix6_backward() {
  return backward_specification<6>();
}
KernelSpecification token_mix1_forward() {
  return forward_specification<1>();
}
KernelSpecification token_mix1_backward() {
  return backward_specification<1>();
}

}  // namespace trainbudget::microbench::reference
