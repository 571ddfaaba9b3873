#include "core/arch/block_builder.h"

namespace trainbudget {

Op& BlockBuilder::add(Op op) {
  op.stream = context_.stream;
  op.trained_parameters = op.parameters;
  return block_.ops.emplace_back(op);
}

Op& BlockBuilder::gemm(std::string_view name, Part part, double n, double k, Split split, bool bias) {
  return add({.name = name,
              .part = part,
              .kind = OpKind::gemm,
              .split = split,
              .saved_split = split == Split::column ? Split::sequence : split,
              .arithmetic = Arithmetic::matmul,
              .n = n,
              .k = k,
              .parameters = n * k + (bias ? n : 0.0),
              .forward_flops = 2.0 * n * k,
              .backward_flops = 4.0 * n * k,
              .forward_bytes = activation_bytes * (k + n),
              .backward_bytes = activation_bytes * (2.0 * n + 2.0 * k),
              .saved_bytes = activation_bytes * k});
}

Op& BlockBuilder::norm(std::string_view name, double width, NormKind kind, Split split, Part part) {
  return elementwise(name, part, split,
                     {.forward = 4.0 * width, .backward = 10.0 * width, .saved = 2.0 * width},
                     weights_per_width(kind) * width);
}

Op& BlockBuilder::elementwise(std::string_view name, Part part, Split split, const Traffic& traffic,
                              double parameters) {
  return add({.name = name,
              .part = part,
              .kind = OpKind::elementwise,
              .split = split,
              .saved_split = split,
              .parameters = parameters,
              .forward_bytes = traffic.forward,
              .backward_bytes = traffic.backward,
              .saved_bytes = traffic.saved});
}

Op& BlockBuilder::residual(std::string_view name) {
  const double mask = context_.dropout ? context_.hidden_size : 0.0;
  return elementwise(name, Part::residual, Split::sequence,
                     {.forward = 6.0 * context_.hidden_size + mask,
                      .backward = 6.0 * context_.hidden_size + mask,
                      .saved = mask});
}

Op& BlockBuilder::recurrence(std::string_view name, double heads, double head_size, double value_size,
                             double forward_flops, double backward_flops, const Traffic& traffic) {
  Op& op = elementwise(name, Part::time_mix, Split::heads, traffic);
  op.kind = OpKind::recurrence;
  op.heads = heads;
  op.head_size = head_size;
  op.value_size = value_size;
  op.scan_blocks = heads;
  op.exchanged_bytes = traffic.forward;
  op.forward_flops = forward_flops;
  op.backward_flops = backward_flops;
  return op;
}

}  // namespace trainbudget
