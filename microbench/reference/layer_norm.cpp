// Layer norm in double precision: see kernels/layer_norm.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

void forward(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"y"});
  clear(x, shape.tokens(), {"mean", "inverse_deviation"});
  const auto channels = static_cast<double>(shape.channels);
  over_groups(shape, shape.channels, [&, row = std::size_t{0}](std::size_t o, std::size_t) mutable {
    double mean = 0.0, variance = 0.0;
    for (std::size_t c = 0; c < index(shape.channels); ++c)
      mean += x["x"][o + c] / channels;
    for (std::size_t c = 0; c < index(shape.channels); ++c)
      variance += std::pow(x["x"][o + c] - mean, 2) / channels;
    const double inverse = 1.0 / std::sqrt(variance + 1e-5);
    for (std::size_t c = 0; c < index(shape.channels); ++c) {
      x["y"][o + c] = (x["x"][o + c] - mean) * inverse * x["weight"][c] + x["bias"][c];
    }
    x["mean"][row] = mean;
    x["inverse_deviation"][row++] = inverse;
  });
}

void backward(const Shape& shape, Values& x) {
  forward(shape, x);
  clear(x, shape.tokens() * shape.channels, {"d_x"});
  clear(x, shape.channels, {"d_weight", "d_bias"});
  const auto channels = static_cast<double>(shape.channels);
  over_groups(shape, shape.channels, [&, row = std::size_t{0}](std::size_t o, std::size_t) mutable {
    const double mean = x["mean"][row], inverse = x["inverse_deviation"][row++];
    double sum = 0.0, along = 0.0;
    for (std::size_t c = 0; c < index(shape.channels); ++c) {
      const double normal = (x["x"][o + c] - mean) * inverse, g = x["d_y"][o + c];
      x["d_weight"][c] += g * normal;
      x["d_bias"][c] += g;
      sum += g * x["weight"][c] / channels;
      along += g * x["weight"][c] * normal / channels;
    }
    for (std::size_t c = 0; c < index(shape.channels); ++c) {
      const double normal = (x["x"][o + c] - mean) * inverse;
      x["d_x"][o + c] = (x["d_y"][o + c] * x["weight"][c] - sum - normal * along) * inverse;
    }
  });
}

std::vector<Tensor> inputs(const Shape& shape) {
  return {activation(shape, "x"), channel_input(shape, "weight", {Fill::Kind::uniform, 0.5F, 1.0F}),
          channel_input(shape, "bias")};
}

void add_saved(const Shape& shape, Role role, std::vector<Tensor>& tensors) {
  // The mean of random numbers is nearly zero, so its relative error is that of what cancelled.
  tensors.push_back({.name = "mean",
                     .type = ElementType::float32,
                     .role = role,
                     .count = shape.tokens(),
                     .tolerance = 1e-4});
  tensors.push_back({.name = "inverse_deviation",
                     .type = ElementType::float32,
                     .role = role,
                     .count = shape.tokens(),
                     .tolerance = 1e-5});
}

std::vector<Tensor> forward_tensors(const Shape& shape) {
  auto tensors = inputs(shape);
  tensors.push_back(activation(shape, "y", Role::output));
  add_saved(shape, Role::output, tensors);
  return tensors;
}

std::vector<Tensor> backward_tensors(const Shape& shape) {
  auto tensors = inputs(shape);
  tensors.push_back(activation(shape, "d_y"));
  add_saved(shape, Role::saved, tensors);
  tensors.push_back(activation(shape, "d_x", Role::output));
  for (const char* name : {"d_weight", "d_bias"})
    tensors.push_back(channel_sum(shape, name));
  tensors.push_back(partial_sums(shape, 2));
  return tensors;
}

/// One, two and four runs of channels per thread, none of them full.
std::vector<Shape> shapes() {
  return {{.batch = 2, .sequence = 3, .channels = 40},
          {.batch = 1, .sequence = 2, .channels = 2056},
          {.batch = 1, .sequence = 2, .channels = 5120},
          {.batch = 1, .sequence = 600, .channels = 8}};
}

}  // namespace

KernelSpecification layer_norm_forward() {
  return {"layer norm", forward_tensors, forward, shapes(), nullptr};
}
KernelSpecification layer_norm_backward() {
  return {"layer norm, gradient", backward_tensors, backward, shapes(), forward};
}

}  // namespace trainbudget::microbench::reference
