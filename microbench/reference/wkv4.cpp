// WKV-4 in double precision, without rescaling: the exponents of the test inputs are small.
// Peng et al., "RWKV: Reinventing RNNs for the Transformer Era", arXiv 2305.13048, eq. 16.
#include "kernels/specification.h"
#include "reference/layout.h"

namespace trainbudget::microbench::reference {

namespace {

/// Calls visit(token offset) for the tokens of one channel of one sequence, in order.
template <class Visit>
void over_time(const Shape& shape, std::int64_t batch, std::int64_t channel, Visit visit) {
  for (std::int64_t t = 0; t < shape.sequence; ++t)
    visit(index((batch * shape.sequence + t) * shape.channels + channel));
}

void forward(const Shape& shape, Values& x) {
  const std::size_t size = index(shape.tokens() * shape.channels);
  for (const char* name : {"y", "y_exact", "log_sum"})
    x[name].assign(size, 0.0);
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const double decay = std::exp(-std::exp(x["w"][index(c)])), bonus = x["u"][index(c)];
      double numerator = 0.0, denominator = 0.0;
      over_time(shape, b, c, [&](std::size_t o) {
        const double k = x["k"][o], v = x["v"][o], now = std::exp(bonus + k);
        x["y"][o] = x["y_exact"][o] = (numerator + now * v) / (denominator + now);
        x["log_sum"][o] = std::log(denominator + now);
        numerator = decay * numerator + std::exp(k) * v;
        denominator = decay * denominator + std::exp(k);
      });
    }
  }
}

void backward(const Shape& shape, Values& x) {
  forward(shape, x);
  const std::size_t size = index(shape.tokens() * shape.channels);
  for (const char* name : {"d_k", "d_v"})
    x[name].assign(size, 0.0);
  for (const char* name : {"d_w", "d_u"})
    x[name].assign(index(shape.batch * shape.channels), 0.0);
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const double w = -std::exp(x["w"][index(c)]), decay = std::exp(w), bonus = x["u"][index(c)];
      std::vector<double> numerator{0.0}, denominator{0.0};  // before each token
      std::vector<std::size_t> offsets;
      over_time(shape, b, c, [&](std::size_t o) {
        numerator.push_back(decay * numerator.back() + std::exp(x["k"][o]) * x["v"][o]);
        denominator.push_back(decay * denominator.back() + std::exp(x["k"][o]));
        offsets.push_back(o);
      });
      double a = 0.0, d = 0.0;  // gradients of the state after the token
      const std::size_t sums = index(b * shape.channels + c);
      for (std::size_t t = offsets.size(); t-- > 0;) {
        const std::size_t o = offsets[t];
        const double k = x["k"][o], v = x["v"][o], g = x["d_y"][o], y = x["y"][o];
        const double now = std::exp(bonus + k), total = denominator[t] + now;
        const double bonus_part = g * now * (v - y) / total;
        x["d_v"][o] = g * now / total + a * std::exp(k);
        x["d_k"][o] = bonus_part + std::exp(k) * (a * v + d);
        x["d_u"][sums] += bonus_part;
        // exp(w) multiplies the state, and w = −exp(raw): d w / d raw is w.
        x["d_w"][sums] += decay * (a * numerator[t] + d * denominator[t]) * w;
        a = decay * a + g / total;
        d = decay * d - g * y / total;
      }
    }
  }
}

template <ElementType type>
std::vector<Tensor> inputs(const Shape& shape) {
  const std::int64_t count = shape.tokens() * shape.channels;
  return {{.name = "w",
           .type = ElementType::float32,
           .count = shape.channels,
           .fill = {Fill::Kind::uniform, 3.0F, -2.0F}},
          {.name = "u",
           .type = ElementType::float32,
           .count = shape.channels,
           .fill = {Fill::Kind::normal, 0.5F}},
          {.name = "k", .type = type, .count = count},
          {.name = "v", .type = type, .count = count}};
}

template <ElementType type>
void add_saved(std::vector<Tensor>& tensors, Role role) {
  const std::int64_t count = tensors.back().count;
  if (type != ElementType::float32) {
    tensors.push_back(
        {.name = "y_exact", .type = ElementType::float32, .role = role, .count = count, .tolerance = 1e-5});
  }
  tensors.push_back(
      {.name = "log_sum", .type = ElementType::float32, .role = role, .count = count, .tolerance = 1e-5});
}

template <ElementType type>
std::vector<Tensor> forward_tensors(const Shape& shape) {
  auto tensors = inputs<type>(shape);
  tensors.push_back({.name = "y",
                     .type = type,
                     .role = Role::output,
                     .count = tensors.back().count,
                     .tolerance = tolerance_of(type)});
  add_saved<type>(tensors, Role::output);
  return tensors;
}

template <ElementType type>
std::vector<Tensor> backward_tensors(const Shape& shape) {
  auto tensors = inputs<type>(shape);
  const std::int64_t count = tensors.back().count;
  tensors.push_back({.name = "d_y", .type = type, .count = count});
  if (type == ElementType::float32)
    tensors.push_back({.name = "y", .type = type, .role = Role::saved, .count = count});
  add_saved<type>(tensors, Role::saved);
  // d_w is a sum of differences that nearly cancel: exponentials of a GPU, off by two units in the last
  // place, come to 3e-5 in it.
  for (const auto& [name, tolerance] : {std::pair{"d_w", 1e-4}, std::pair{"d_u", 2e-5}}) {
    tensors.push_back({.name = name,
                       .type = ElementType::float32,
                       .role = Role::output,
                       .count = shape.batch * shape.channels,
                       .tolerance = tolerance});
  }
  for (const char* name : {"d_k", "d_v"}) {
    tensors.push_back({.name = name,
                       .type = type,
                       .role = Role::output,
                       .count = count,
                       .tolerance = tolerance_of(type, 2e-5)});
  }
  return tensors;
}

std::vector<Shape> shapes() {
  return {{.batch = 2, .sequence = 13, .channels = 40},
          {.batch = 1, .sequence = 3, .channels = 1},
          {.batch = 1, .sequence = 129, .channels = 96}};
}

template <ElementType type>
KernelSpecification forward_specification() {
  return {.summary = "WKV-4 recurrence, forward, with the denominators that its gradient needs",
          .tensors = forward_tensors<type>,
          .reference = forward,
          .test_shapes = shapes()};
}

template <ElementType type>
KernelSpecification backward_specification() {
  return {.summary = "WKV-4 recurrence, gradient",
          .tensors = backward_tensors<type>,
          .reference = backward,
          .test_shapes = shapes(),
          .differentiates = forward};
}

}  // namespace

KernelSpecification wkv4_forward() {
  return forward_specification<ElementType::bfloat16>();
}
KernelSpecification wkv4_backward() {
  return backward_specification<ElementType::bfloat16>();
}
KernelSpecification wkv4_fp32_forward() {
  return forward_specification<ElementType::float32>();
}
KernelSpecification wkv4_fp32_backward() {
  return backward_specification<ElementType::float32>();
}

}  // namespace trainbudget::microbench::reference
