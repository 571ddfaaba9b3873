// Key preparation in double precision: see kernels/key_preparation.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

constexpr std::int64_t head = 64;

double length_of_head(Values& x, std::size_t o, std::size_t c) {
  double square = 0.0;
  for (std::size_t i = 0; i < index(head); ++i)
    square += std::pow(x["k"][o + i] * x["k_k"][c + i], 2);
  return std::max(std::sqrt(square), 1e-12);
}

void forward(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"key", "removal", "replacement"});
  over_groups(shape, head, [&](std::size_t o, std::size_t c) {
    const double length = length_of_head(x, o, c);
    for (std::size_t i = 0; i < index(head); ++i) {
      const double k = x["k"][o + i], rate = x["rate"][o + i], unit = k * x["k_k"][c + i] / length;
      x["key"][o + i] = k * (1.0 + (rate - 1.0) * x["k_a"][c + i]);
      x["removal"][o + i] = -unit;
      x["replacement"][o + i] = unit * rate;
    }
  });
}

void backward(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"d_k", "d_rate"});
  clear(x, shape.channels, {"d_k_k", "d_k_a"});
  over_groups(shape, head, [&](std::size_t o, std::size_t c) {
    const double length = length_of_head(x, o, c);
    double unit[head], d_unit[head], along = 0.0;
    for (std::size_t i = 0; i < index(head); ++i) {
      unit[i] = x["k"][o + i] * x["k_k"][c + i] / length;
      d_unit[i] = x["d_replacement"][o + i] * x["rate"][o + i] - x["d_removal"][o + i];
      along += unit[i] * d_unit[i];
    }
    for (std::size_t i = 0; i < index(head); ++i) {
      const double k = x["k"][o + i], rate = x["rate"][o + i], g = x["d_key"][o + i];
      const double d_scaled = (d_unit[i] - unit[i] * along) / length;
      x["d_k"][o + i] = g * (1.0 + (rate - 1.0) * x["k_a"][c + i]) + d_scaled * x["k_k"][c + i];
      x["d_rate"][o + i] = g * k * x["k_a"][c + i] + x["d_replacement"][o + i] * unit[i];
      x["d_k_k"][c + i] += d_scaled * k;
      x["d_k_a"][c + i] += g * k * (rate - 1.0);
    }
  });
}

std::vector<Tensor> inputs(const Shape& shape) {
  Tensor rate = activation(shape, "rate");
  rate.fill = {Fill::Kind::uniform, 0.49F, 0.5F};
  return {activation(shape, "k"), rate, channel_input(shape, "k_k", {Fill::Kind::uniform, 0.3F, 0.85F}),
          channel_input(shape, "k_a", {Fill::Kind::uniform, 0.2F, 1.0F})};
}

std::vector<Tensor> forward_tensors(const Shape& shape) {
  auto tensors = inputs(shape);
  for (const char* name : {"key", "removal", "replacement"})
    tensors.push_back(activation(shape, name, Role::output));
  return tensors;
}

std::vector<Tensor> backward_tensors(const Shape& shape) {
  auto tensors = inputs(shape);
  for (const char* name : {"d_key", "d_removal", "d_replacement"})
    tensors.push_back(activation(shape, name));
  for (const char* name : {"d_k", "d_rate"})
    tensors.push_back(activation(shape, name, Role::output));
  for (const char* name : {"d_k_k", "d_k_a"})
    tensors.push_back(channel_sum(shape, name));
  tensors.push_back(partial_sums(shape, 2));
  return tensors;
}

}  // namespace

KernelSpecification key_preparation_forward() {
  return {"key preparation", forward_tensors, forward, row_shapes(), nullptr};
}
KernelSpecification key_preparation_backward() {
  return {"key preparation, gradient", backward_tensors, backward, row_shapes(), forward};
}

}  // namespace trainbudget::microbench::reference
