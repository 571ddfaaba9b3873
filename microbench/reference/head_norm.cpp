// Group norm with bonus and gate in double precision: see kernels/head_norm.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

constexpr std::int64_t head = 64;

/// One head of one token.
struct Head {
  double normal[head];
  double inverse = 0.0;  ///< one over the deviation
  double bonus = 0.0;

  Head(Values& x, std::size_t o, std::size_t c) {
    double mean = 0.0, variance = 0.0;
    for (std::size_t i = 0; i < index(head); ++i)
      mean += x["y"][o + i] / static_cast<double>(head);
    for (std::size_t i = 0; i < index(head); ++i) {
      normal[i] = x["y"][o + i] - mean;
      variance += normal[i] * normal[i] / static_cast<double>(head);
      bonus += x["r"][o + i] * x["key"][o + i] * x["r_k"][c + i];
    }
    inverse = 1.0 / std::sqrt(variance + 64e-5);
    for (double& value : normal)
      value *= inverse;
  }
};

void forward(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"out"});
  over_groups(shape, head, [&](std::size_t o, std::size_t c) {
    const Head h(x, o, c);
    for (std::size_t i = 0; i < index(head); ++i) {
      x["out"][o + i] =
          (h.normal[i] * x["weight"][c + i] + x["bias"][c + i] + h.bonus * x["v"][o + i]) * x["gate"][o + i];
    }
  });
}

void backward(const Shape& shape, Values& x) {
  clear(x, shape.tokens() * shape.channels, {"d_y", "d_r", "d_key", "d_v", "d_gate"});
  clear(x, shape.channels, {"d_weight", "d_bias", "d_r_k"});
  over_groups(shape, head, [&](std::size_t o, std::size_t c) {
    const Head h(x, o, c);
    double d_bonus = 0.0, mean = 0.0, along = 0.0, scaled[head];
    for (std::size_t i = 0; i < index(head); ++i) {
      const double g = x["d_out"][o + i], gated = g * x["gate"][o + i];
      x["d_gate"][o + i] =
          g * (h.normal[i] * x["weight"][c + i] + x["bias"][c + i] + h.bonus * x["v"][o + i]);
      x["d_v"][o + i] = gated * h.bonus;
      x["d_weight"][c + i] += gated * h.normal[i];
      x["d_bias"][c + i] += gated;
      d_bonus += gated * x["v"][o + i];
      scaled[i] = gated * x["weight"][c + i];
      mean += scaled[i] / static_cast<double>(head);
      along += scaled[i] * h.normal[i] / static_cast<double>(head);
    }
    for (std::size_t i = 0; i < index(head); ++i) {
      const double r = x["r"][o + i], key = x["key"][o + i], r_k = x["r_k"][c + i];
      x["d_y"][o + i] = (scaled[i] - mean - h.normal[i] * along) * h.inverse;
      x["d_r"][o + i] = d_bonus * key * r_k;
      x["d_key"][o + i] = d_bonus * r * r_k;
      x["d_r_k"][c + i] += d_bonus * r * key;
    }
  });
}

std::vector<Tensor> inputs(const Shape& shape) {
  std::vector<Tensor> tensors;
  for (const char* name : {"y", "r", "key", "v", "gate"})
    tensors.push_back(activation(shape, name));
  tensors.push_back(channel_input(shape, "weight", {Fill::Kind::uniform, 0.5F, 1.0F}));
  tensors.push_back(channel_input(shape, "bias"));
  tensors.push_back(channel_input(shape, "r_k", {Fill::Kind::normal, 0.2F}));
  return tensors;
}

std::vector<Tensor> forward_tensors(const Shape& shape) {
  auto tensors = inputs(shape);
  tensors.push_back(activation(shape, "out", Role::output));
  return tensors;
}

std::vector<Tensor> backward_tensors(const Shape& shape) {
  auto tensors = inputs(shape);
  tensors.push_back(activation(shape, "d_out"));
  for (const char* name : {"d_y", "d_r", "d_key", "d_v", "d_gate"}) {
    tensors.push_back(activation(shape, name, Role::output));
  }
  for (const char* name : {"d_weight", "d_bias", "d_r_k"})
    tensors.push_back(channel_sum(shape, name));
  tensors.push_back(partial_sums(shape, 3));
  return tensors;
}

}  // namespace

KernelSpecification head_norm_forward() {
  return {"group norm with bonus and gate", forward_tensors, forward, row_shapes(), nullptr};
}
KernelSpecification head_norm_backward() {
  return {"group norm with bonus and gate, gradient", backward_tensors, backward, row_shapes(), forward};
}

}  // namespace trainbudget::microbench::reference
