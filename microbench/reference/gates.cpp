// The gates with a bias per channel, in double precision: see kernels/gates.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

template <bool through_sigmoid>
void bias_reference(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"y"});
  over_elements(shape, [&, &in = x["x"], &bias = x["bias"], &y = x["y"]](std::size_t o, std::size_t c) {
    const double sum = in[o] + bias[c];
    y[o] = through_sigmoid ? sigmoid(sum) : sum;
  });
}

void bias_gradient(const Shape& shape, Values& x) {
  clear(x, shape.channels, {"d_bias"});
  over_elements(shape, [&g = x["d_y"], &sum = x["d_bias"]](std::size_t o, std::size_t c) { sum[c] += g[o]; });
}

/// From x and the bias where they are given, else from y, as the kernel does.
void sigmoid_gradient(const Shape& shape, Values& x) {
  bias_reference<true>(shape, x);
  clear(x, shape.tokens() * shape.channels, {"d_x"});
  clear(x, shape.channels, {"d_bias"});
  over_elements(
      shape, [&g = x["d_y"], &y = x["y"], &d = x["d_x"], &sum = x["d_bias"]](std::size_t o, std::size_t c) {
        d[o] = g[o] * y[o] * (1.0 - y[o]);
        sum[c] += d[o];
      });
}

void value_residual(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"y"});
  over_elements(shape, [&v = x["v"], &first = x["v_first"], &in = x["x"], &bias = x["bias"], &y = x["y"]](
                           std::size_t o, std::size_t c) {
    y[o] = v[o] + (first[o] - v[o]) * sigmoid(in[o] + bias[c]);
  });
}

void value_residual_gradient(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"d_v", "d_v_first", "d_x"});
  clear(x, shape.channels, {"d_bias"});
  over_elements(shape, [&](std::size_t o, std::size_t c) {
    const double gate = sigmoid(x["x"][o] + x["bias"][c]), g = x["d_y"][o];
    x["d_v"][o] = g * (1.0 - gate);
    x["d_v_first"][o] = g * gate;
    x["d_x"][o] = g * (x["v_first"][o] - x["v"][o]) * gate * (1.0 - gate);
    x["d_bias"][c] += x["d_x"][o];
  });
}

std::vector<Tensor> bias_tensors(const Shape& shape) {
  return {activation(shape, "x"), channel_input(shape, "bias"), activation(shape, "y", Role::output)};
}

Tensor unread_bias(const Shape& shape) {
  Tensor bias = channel_input(shape, "bias");
  bias.role = Role::unread;
  return bias;
}

std::vector<Tensor> bias_gradient_tensors(const Shape& shape) {
  return {activation(shape, "x", Role::unread), unread_bias(shape), activation(shape, "d_y"),
          channel_sum(shape, "d_bias"), partial_sums(shape, 1)};
}

std::vector<Tensor> sigmoid_gradient_tensors(const Shape& shape) {
  // The kernel's y is rounded, the reference's is not: y (1 − y) of a nearly closed gate then loses digits.
  Tensor bias = channel_sum(shape, "d_bias");
  bias.tolerance = 1e-2;
  return {activation(shape, "x", Role::unread),
          unread_bias(shape),
          activation(shape, "y", Role::saved),
          activation(shape, "d_y"),
          activation(shape, "d_x", Role::output),
          bias,
          partial_sums(shape, 1)};
}

std::vector<Tensor> value_tensors(const Shape& shape) {
  return {activation(shape, "v"), activation(shape, "v_first"), activation(shape, "x"),
          channel_input(shape, "bias"), activation(shape, "y", Role::output)};
}

std::vector<Tensor> value_gradient_tensors(const Shape& shape) {
  auto tensors = value_tensors(shape);
  tensors.back() = activation(shape, "d_y");
  for (const char* name : {"d_v", "d_v_first", "d_x"})
    tensors.push_back(activation(shape, name, Role::output));
  tensors.push_back(channel_sum(shape, "d_bias"));
  tensors.push_back(partial_sums(shape, 1));
  return tensors;
}

}  // namespace

KernelSpecification bias_forward() {
  return {"decay bias", bias_tensors, bias_reference<false>, row_shapes(), nullptr};
}
KernelSpecification bias_backward() {
  return {"decay bias, gradient", bias_gradient_tensors, bias_gradient, row_shapes(), bias_reference<false>};
}
KernelSpecification sigmoid_gate_forward() {
  return {"in-context learning rate", bias_tensors, bias_reference<true>, row_shapes(), nullptr};
}
KernelSpecification sigmoid_gate_backward() {
  return {"in-context learning rate, gradient", sigmoid_gradient_tensors, sigmoid_gradient, row_shapes(),
          bias_reference<true>};
}
KernelSpecification value_residual_forward() {
  return {"value residual", value_tensors, value_residual, row_shapes(), nullptr};
}
KernelSpecification value_residual_backward() {
  return {"value residual, gradient", value_gradient_tensors, value_residual_gradient, row_shapes(),
          value_residual};
}

}  // namespace trainbudget::microbench::reference
