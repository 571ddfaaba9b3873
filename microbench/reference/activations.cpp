// Flat passes in double precision: see kernels/activations.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

double tanh_of(double x) {
  return std::tanh(x);
}
double squared_relu(double x) {
  return x > 0.0 ? x * x : 0.0;
}
double sigmoid_slope(double x) {
  return sigmoid(x) * (1.0 - sigmoid(x));
}
double tanh_slope(double x) {
  return 1.0 - std::tanh(x) * std::tanh(x);
}
double squared_relu_slope(double x) {
  return x > 0.0 ? 2.0 * x : 0.0;
}

using Function = double (*)(double);

template <Function function>
void apply(const Shape& shape, Values& x) {
  clear(x, shape.elements, {"y"});
  for (std::size_t i = 0; i < index(shape.elements); ++i)
    x["y"][i] = function(x["x"][i]);
}

template <Function function, Function slope>
void gradient(const Shape& shape, Values& x) {
  apply<function>(shape, x);
  clear(x, shape.elements, {"d_x"});
  for (std::size_t i = 0; i < index(shape.elements); ++i)
    x["d_x"][i] = x["d_y"][i] * slope(x["x"][i]);
}

void sum(const Shape& shape, Values& x) {
  clear(x, shape.elements, {"y"});
  for (std::size_t i = 0; i < index(shape.elements); ++i)
    x["y"][i] = x["x"][i] + x["z"][i];
}

Tensor flat(const Shape& shape, const char* name, Role role = Role::input) {
  return {.name = name, .role = role, .count = shape.elements};
}

std::vector<Tensor> one_argument(const Shape& shape) {
  return {flat(shape, "x"), flat(shape, "y", Role::output)};
}

std::vector<Tensor> two_arguments(const Shape& shape) {
  return {flat(shape, "x"), flat(shape, "z"), flat(shape, "y", Role::output)};
}

/// Gradients that start from the rounded y are a little further off than those that start from x.
template <bool from_output>
std::vector<Tensor> gradient_tensors(const Shape& shape) {
  std::vector<Tensor> tensors{flat(shape, "x"), flat(shape, "d_y"), flat(shape, "d_x", Role::output)};
  if (from_output) {
    tensors[0].role = Role::unread;
    tensors.push_back(flat(shape, "y", Role::saved));
    tensors[2].tolerance = 1e-2;
  }
  return tensors;
}

/// Below, at and above what a block does, with and without a rest.
std::vector<Shape> shapes() {
  return {{.elements = 2051}, {.elements = 5}, {.elements = 2048}, {.elements = 8}};
}

template <Function function>
KernelSpecification forward_of(std::string_view summary) {
  return {summary, one_argument, apply<function>, shapes(), nullptr};
}

}  // namespace

KernelSpecification residual() {
  return {"residual addition", two_arguments, sum, shapes(), nullptr};
}
KernelSpecification sigmoid_forward() {
  return forward_of<sigmoid>("sigmoid of a low-rank layer");
}
KernelSpecification sigmoid_backward() {
  return {"sigmoid, gradient", gradient_tensors<true>, gradient<sigmoid, sigmoid_slope>, shapes(),
          apply<sigmoid>};
}
KernelSpecification tanh_forward() {
  return forward_of<tanh_of>("tanh of a low-rank layer");
}
KernelSpecification tanh_backward() {
  return {"tanh, gradient", gradient_tensors<true>, gradient<tanh_of, tanh_slope>, shapes(), apply<tanh_of>};
}
KernelSpecification squared_relu_forward() {
  return forward_of<squared_relu>("squared ReLU of the channel mix");
}
KernelSpecification squared_relu_backward() {
  return {"squared ReLU, gradient", gradient_tensors<false>, gradient<squared_relu, squared_relu_slope>,
          shapes(), apply<squared_relu>};
}

}  // namespace trainbudget::microbench::reference
