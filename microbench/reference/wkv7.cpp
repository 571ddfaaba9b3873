// WKV-7 in double precision, straight from the equations: every state is kept, nothing is undone.
// Peng et al., "RWKV-7 Goose", arXiv 2503.14456.
#include "kernels/specification.h"
#include "reference/decay.h"
#include "reference/layout.h"

namespace trainbudget::microbench::reference {

namespace {

constexpr std::int64_t checkpoint = 16;

/// The tensors by name, looked up once.
struct Tensors {
  std::vector<double>&r, &w, &k, &v, &a, &b, &y, &state, &s;

  explicit Tensors(Values& x)
      : r(x["r"]),
        w(x["w"]),
        k(x["k"]),
        v(x["v"]),
        a(x["a"]),
        b(x["b"]),
        y(x["y"]),
        state(x["state"]),
        s(x["state_a"]) {}
};

struct Gradients : Tensors {
  std::vector<double>&d_y, &d_r, &d_w, &d_k, &d_v, &d_a, &d_b;

  explicit Gradients(Values& x)
      : Tensors(x),
        d_y(x["d_y"]),
        d_r(x["d_r"]),
        d_w(x["d_w"]),
        d_k(x["d_k"]),
        d_v(x["d_v"]),
        d_a(x["d_a"]),
        d_b(x["d_b"]) {}
};

/// State after each token of one head; states[0] is the zero state before the first.
using States = std::vector<std::vector<double>>;

/// Runs one head; fills y, state_a and the saved states, and returns every state.
template <class Decay>
States run_head(const HeadLayout& at, std::int64_t batch, std::int64_t head, const Tensors& x) {
  const std::int64_t n = at.head_size;
  States states(index(at.sequence + 1), std::vector<double>(index(n * n), 0.0));
  for (std::int64_t t = 0; t < at.sequence; ++t) {
    const std::size_t o = at(batch, t, head);
    const auto& before = states[index(t)];
    auto& after = states[index(t + 1)];
    for (std::int64_t i = 0; i < n; ++i) {
      double s = 0.0;
      for (std::int64_t j = 0; j < n; ++j)
        s += before[index(i * n + j)] * x.a[o + index(j)];
      x.s[o + index(i)] = s;
      double y = 0.0;
      for (std::int64_t j = 0; j < n; ++j) {
        const std::size_t c = o + index(j);
        const double value = before[index(i * n + j)] * std::exp(Decay::log_decay(x.w[c])) + s * x.b[c] +
                             x.v[o + index(i)] * x.k[c];
        after[index(i * n + j)] = value;
        y += value * x.r[c];
      }
      x.y[o + index(i)] = y;
    }
    if ((t + 1) % checkpoint == 0) {
      const std::int64_t saved =
          (batch * at.heads + head) * (at.sequence / checkpoint) + (t + 1) / checkpoint - 1;
      std::copy(after.begin(), after.end(), x.state.begin() + saved * n * n);
    }
  }
  return states;
}

template <class Decay>
void forward(const Shape& shape, Values& values) {
  const Tensors x(values);
  const HeadLayout at(shape);
  x.y.assign(at.size(), 0.0);
  x.s.assign(at.size(), 0.0);
  x.state.assign(
      index(shape.batch * shape.heads * (shape.sequence / checkpoint) * at.head_size * at.head_size), 0.0);
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    for (std::int64_t h = 0; h < shape.heads; ++h)
      run_head<Decay>(at, b, h, x);
  }
}

template <class Decay>
void backward(const Shape& shape, Values& values) {
  const Gradients x(values);
  const HeadLayout at(shape);
  const std::int64_t n = at.head_size;
  forward<Decay>(shape, values);
  for (const char* name : {"d_r", "d_w", "d_k", "d_v", "d_a", "d_b"})
    values[name].assign(at.size(), 0.0);
  for (std::int64_t batch = 0; batch < shape.batch; ++batch) {
    for (std::int64_t head = 0; head < shape.heads; ++head) {
      const States states = run_head<Decay>(at, batch, head, x);
      std::vector<double> d(index(n * n), 0.0);  // dL / d state after the token
      for (std::int64_t t = shape.sequence - 1; t >= 0; --t) {
        const std::size_t o = at(batch, t, head);
        const auto& before = states[index(t)];
        const auto& after = states[index(t + 1)];
        for (std::int64_t i = 0; i < n; ++i) {
          const double g = x.d_y[o + index(i)], s = x.s[o + index(i)], v = x.v[o + index(i)];
          double ds = 0.0;
          for (std::int64_t j = 0; j < n; ++j) {
            const std::size_t c = o + index(j), e = index(i * n + j);
            d[e] += g * x.r[c];
            x.d_r[c] += g * after[e];
            const double w = std::exp(Decay::log_decay(x.w[c]));
            x.d_w[c] += d[e] * before[e] * w * Decay::log_decay_slope(x.w[c]);
            x.d_k[c] += d[e] * v;
            x.d_b[c] += d[e] * s;
            x.d_v[o + index(i)] += d[e] * x.k[c];
            ds += d[e] * x.b[c];
          }
          for (std::int64_t j = 0; j < n; ++j) {
            const std::size_t c = o + index(j), e = index(i * n + j);
            x.d_a[c] += ds * before[e];
            d[e] = d[e] * std::exp(Decay::log_decay(x.w[c])) + ds * x.a[c];
          }
        }
      }
    }
  }
}

// a has unit length and b about half of it, as -kk and kk·iclr have: longer ones make the state grow without
// bound.
template <ElementType type>
std::vector<Tensor> inputs(const Shape& shape) {
  const std::int64_t count = shape.tokens() * shape.heads * shape.head_size;
  const float unit = 1.0F / std::sqrt(static_cast<float>(shape.head_size));
  return {{.name = "r", .type = type, .count = count},
          {.name = "w", .type = type, .count = count, .fill = {Fill::Kind::uniform, 3.0F, -3.0F}},
          {.name = "k", .type = type, .count = count, .fill = {Fill::Kind::normal, 0.5F}},
          {.name = "v", .type = type, .count = count},
          {.name = "a", .type = type, .count = count, .fill = {Fill::Kind::sign, unit}},
          {.name = "b", .type = type, .count = count, .fill = {Fill::Kind::normal, 0.5F * unit}}};
}

template <ElementType type>
void add_saved(const Shape& shape, Role role, std::vector<Tensor>& tensors) {
  const std::int64_t count = shape.tokens() * shape.heads * shape.head_size;
  tensors.push_back({.name = "state",
                     .type = ElementType::float32,
                     .role = role,
                     .count = count / checkpoint * shape.head_size,
                     .tolerance = 1e-5});
  tensors.push_back(
      {.name = "state_a", .type = ElementType::float32, .role = role, .count = count, .tolerance = 1e-5});
}

template <ElementType type>
std::vector<Tensor> forward_tensors(const Shape& shape) {
  auto tensors = inputs<type>(shape);
  tensors.push_back({.name = "y",
                     .type = type,
                     .role = Role::output,
                     .count = tensors[0].count,
                     .tolerance = tolerance_of(type)});
  add_saved<type>(shape, Role::output, tensors);
  return tensors;
}

template <ElementType type>
std::vector<Tensor> backward_tensors(const Shape& shape) {
  auto tensors = inputs<type>(shape);
  const std::int64_t count = tensors[0].count;
  tensors.push_back({.name = "d_y", .type = type, .count = count});
  add_saved<type>(shape, Role::saved, tensors);
  for (const char* name : {"d_r", "d_w", "d_k", "d_v", "d_a", "d_b"}) {
    tensors.push_back({.name = name,
                       .type = type,
                       .role = Role::output,
                       .count = count,
                       // Undoing up to 16 steps in fp32 costs digits: each division by w enlarges the error.
                       .tolerance = tolerance_of(type, 1e-3)});
  }
  return tensors;
}

std::vector<Shape> shapes() {
  return {{.batch = 1, .sequence = 16, .heads = 1, .head_size = 64},
          {.batch = 2, .sequence = 48, .heads = 3, .head_size = 64},
          {.batch = 1, .sequence = 32, .heads = 1, .head_size = 128}};
}

template <ElementType type, class Decay>
KernelSpecification forward_specification() {
  return {.summary = "WKV-7 recurrence, forward, with the states that its gradient needs",
          .tensors = forward_tensors<type>,
          .reference = forward<Decay>,
          .test_shapes = shapes()};
}

template <ElementType type, class Decay>
KernelSpecification backward_specification() {
  return {.summary = "WKV-7 recurrence, gradient",
          .tensors = backward_tensors<type>,
          .reference = backward<Decay>,
          .test_shapes = shapes(),
          .differentiates = forward<Decay>};
}

}  // namespace

KernelSpecification wkv7_forward() {
  return forward_specification<ElementType::bfloat16, SoftClampDecay>();
}
KernelSpecification wkv7_backward() {
  return backward_specification<ElementType::bfloat16, SoftClampDecay>();
}
KernelSpecification wkv7_exponential_forward() {
  return forward_specification<ElementType::bfloat16, ExponentialDecay>();
}
KernelSpecification wkv7_exponential_backward() {
  return backward_specification<ElementType::bfloat16, ExponentialDecay>();
}
KernelSpecification wkv7_fp32_forward() {
  return forward_specification<ElementType::float32, SoftClampDecay>();
}
KernelSpecification wkv7_fp32_backward() {
  return backward_specification<ElementType::float32, SoftClampDecay>();
}

}  // namespace trainbudget::microbench::reference
