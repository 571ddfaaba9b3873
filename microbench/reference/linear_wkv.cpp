// WKV-5.2 and WKV-6 in double precision, straight from the equations: every state is kept.
// Peng et al., "Eagle and Finch", arXiv 2404.05892.
#include "kernels/specification.h"
#include "reference/decay.h"
#include "reference/layout.h"

namespace trainbudget::microbench::reference {

namespace {

/// What one head sees: raw decay by token for WKV-6, by channel for WKV-5.2.
template <bool decay_per_token>
std::size_t decay_at(const HeadLayout& at, std::size_t token_offset, std::int64_t head,
                     std::int64_t channel) {
  return decay_per_token ? token_offset + index(channel) : index(head * at.head_size + channel);
}

template <bool decay_per_token>
void forward(const Shape& shape, Values& values) {
  const HeadLayout at(shape);
  const std::int64_t n = at.head_size;
  const auto &r = values["r"], &k = values["k"], &v = values["v"], &w = values["w"], &u = values["u"];
  auto& y = values["y"];
  y.assign(at.size(), 0.0);
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    for (std::int64_t h = 0; h < shape.heads; ++h) {
      std::vector<double> S(index(n * n), 0.0);
      for (std::int64_t t = 0; t < shape.sequence; ++t) {
        const std::size_t o = at(b, t, h);
        for (std::int64_t j = 0; j < n; ++j) {
          const std::size_t c = o + index(j);
          const double decay =
              std::exp(ExponentialDecay::log_decay(w[decay_at<decay_per_token>(at, o, h, j)]));
          for (std::int64_t i = 0; i < n; ++i) {
            double& s = S[index(i * n + j)];
            const double added = v[o + index(i)] * k[c];
            y[o + index(i)] += r[c] * (s + u[index(h * n + j)] * added);
            s = s * decay + added;
          }
        }
      }
    }
  }
}

template <bool decay_per_token>
void backward(const Shape& shape, Values& values) {
  const HeadLayout at(shape);
  const std::int64_t n = at.head_size;
  const std::size_t per_sequence = index(shape.batch * shape.heads * n);
  for (const char* name : {"d_r", "d_k", "d_v"})
    values[name].assign(at.size(), 0.0);
  values["d_u"].assign(per_sequence, 0.0);
  values["d_w"].assign(decay_per_token ? at.size() : per_sequence, 0.0);
  const auto &r = values["r"], &k = values["k"], &v = values["v"], &w = values["w"], &u = values["u"],
             &g = values["d_y"];
  auto &dr = values["d_r"], &dk = values["d_k"], &dv = values["d_v"], &dw = values["d_w"],
       &du = values["d_u"];
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    for (std::int64_t h = 0; h < shape.heads; ++h) {
      const auto decay_of = [&](std::size_t o, std::int64_t j) {
        return std::exp(ExponentialDecay::log_decay(w[decay_at<decay_per_token>(at, o, h, j)]));
      };
      // The state before each token.
      std::vector<std::vector<double>> states{std::vector<double>(index(n * n), 0.0)};
      for (std::int64_t t = 0; t < shape.sequence; ++t) {
        const std::size_t o = at(b, t, h);
        states.push_back(states.back());
        for (std::int64_t j = 0; j < n; ++j) {
          for (std::int64_t i = 0; i < n; ++i) {
            double& s = states.back()[index(i * n + j)];
            s = s * decay_of(o, j) + v[o + index(i)] * k[o + index(j)];
          }
        }
      }
      std::vector<double> D(index(n * n), 0.0);  // dL / d state after the token
      for (std::int64_t t = shape.sequence - 1; t >= 0; --t) {
        const std::size_t o = at(b, t, h);
        const auto& S = states[index(t)];
        for (std::int64_t j = 0; j < n; ++j) {
          const std::size_t c = o + index(j), per_channel = index(h * n + j),
                            sum = index((b * shape.heads + h) * n + j);
          const std::size_t raw = decay_at<decay_per_token>(at, o, h, j);
          const double decay = decay_of(o, j);
          for (std::int64_t i = 0; i < n; ++i) {
            const std::size_t row = o + index(i);
            double& d = D[index(i * n + j)];
            const double s = S[index(i * n + j)], added = v[row] * k[c];
            const double d_added = d + g[row] * r[c] * u[per_channel];
            dr[c] += g[row] * (s + u[per_channel] * added);
            du[sum] += g[row] * r[c] * added;
            dk[c] += d_added * v[row];
            dv[row] += d_added * k[c];
            dw[decay_per_token ? raw : sum] += d * s * decay * ExponentialDecay::log_decay_slope(w[raw]);
            d = d * decay + g[row] * r[c];
          }
        }
      }
    }
  }
}

template <bool decay_per_token>
std::vector<Tensor> inputs(const Shape& shape) {
  const std::int64_t channels = shape.heads * shape.head_size;
  const std::int64_t count = shape.tokens() * channels;
  const Fill decay{Fill::Kind::uniform, 3.5F, -2.5F};
  return {{.name = "r", .count = count},
          {.name = "k", .count = count, .fill = {Fill::Kind::normal, 0.5F}},
          {.name = "v", .count = count},
          decay_per_token
              ? Tensor{.name = "w", .count = count, .fill = decay}
              : Tensor{.name = "w", .type = ElementType::float32, .count = channels, .fill = decay},
          {.name = "u", .count = channels}};
}

template <bool decay_per_token>
std::vector<Tensor> forward_tensors(const Shape& shape) {
  auto tensors = inputs<decay_per_token>(shape);
  tensors.push_back({.name = "y", .role = Role::output, .count = tensors[0].count});
  return tensors;
}

template <bool decay_per_token>
std::vector<Tensor> backward_tensors(const Shape& shape) {
  auto tensors = inputs<decay_per_token>(shape);
  const std::int64_t count = tensors[0].count, per_sequence = shape.batch * shape.heads * shape.head_size;
  tensors.push_back({.name = "d_y", .count = count});
  tensors.push_back({.name = "carried", .type = ElementType::float32, .role = Role::scratch, .count = count});
  for (const char* name : {"d_r", "d_k", "d_v"}) {
    tensors.push_back({.name = name, .role = Role::output, .count = count});
  }
  tensors.push_back({.name = "d_w", .role = Role::output, .count = decay_per_token ? count : per_sequence});
  tensors.push_back({.name = "d_u", .role = Role::output, .count = per_sequence});
  return tensors;
}

std::vector<Shape> shapes() {
  return {{.batch = 2, .sequence = 11, .heads = 1, .head_size = 64},
          {.batch = 1, .sequence = 3, .heads = 1, .head_size = 64},
          {.batch = 1, .sequence = 40, .heads = 3, .head_size = 64}};
}

template <bool decay_per_token>
KernelSpecification forward_specification() {
  return {.summary = decay_per_token ? "WKV-6 recurrence, forward" : "WKV-5.2 recurrence, forward",
          .tensors = forward_tensors<decay_per_token>,
          .reference = forward<decay_per_token>,
          .test_shapes = shapes()};
}

template <bool decay_per_token>
KernelSpecification backward_specification() {
  return {.summary = decay_per_token ? "WKV-6 recurrence, gradient" : "WKV-5.2 recurrence, gradient",
          .tensors = backward_tensors<decay_per_token>,
          .reference = backward<decay_per_token>,
          .test_shapes = shapes(),
          .differentiates = forward<decay_per_token>};
}

}  // namespace

KernelSpecification wkv5_forward() {
  return forward_specification<false>();
}
KernelSpecification wkv5_backward() {
  return backward_specification<false>();
}
KernelSpecification wkv6_forward() {
  return forward_specification<true>();
}
KernelSpecification wkv6_backward() {
  return backward_specification<true>();
}

}  // namespace trainbudget::microbench::reference
