// The loss over the vocabulary in double precision: see kernels/cross_entropy.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

void forward(const Shape& shape, Values& x) {
  clear(x, shape.tokens(), {"loss"});
  for (std::int64_t row = 0; row < shape.tokens(); ++row) {
    const double* logits = &x["logits"][index(row * shape.vocabulary)];
    double sum = 0.0;
    for (std::int64_t v = 0; v < shape.vocabulary; ++v)
      sum += std::exp(logits[v]);
    x["loss"][index(row)] = std::log(sum) - logits[static_cast<std::int64_t>(x["target"][index(row)])];
  }
}

void both(const Shape& shape, Values& x) {
  forward(shape, x);
  clear(x, shape.tokens() * shape.vocabulary, {"d_logits"});
  for (std::int64_t row = 0; row < shape.tokens(); ++row) {
    const auto target = static_cast<std::int64_t>(x["target"][index(row)]);
    const std::size_t o = index(row * shape.vocabulary);
    const double log_sum = x["loss"][index(row)] + x["logits"][o + index(target)];
    for (std::int64_t v = 0; v < shape.vocabulary; ++v) {
      const double probability = std::exp(x["logits"][o + index(v)] - log_sum);
      x["d_logits"][o + index(v)] = (probability - (v == target ? 1.0 : 0.0)) * x["d_loss"][index(row)];
    }
  }
}

std::vector<Tensor> tensors(const Shape& shape) {
  return {{.name = "logits", .count = shape.tokens() * shape.vocabulary, .fill = {Fill::Kind::normal, 2.0F}},
          {.name = "target",
           .type = ElementType::int32,
           .count = shape.tokens(),
           .fill = {Fill::Kind::index, static_cast<float>(shape.vocabulary)}},
          {.name = "d_loss",
           .type = ElementType::float32,
           .count = shape.tokens(),
           .fill = {Fill::Kind::uniform, 0.5F, 1.0F}},
          {.name = "loss",
           .type = ElementType::float32,
           .role = Role::output,
           .count = shape.tokens(),
           .tolerance = 1e-5},
          {.name = "d_logits", .role = Role::output, .count = shape.tokens() * shape.vocabulary}};
}

std::vector<Shape> shapes() {
  return {{.batch = 1, .sequence = 3, .vocabulary = 1001},
          {.batch = 1, .sequence = 2, .vocabulary = 5000},
          {.batch = 2, .sequence = 2, .vocabulary = 9}};
}

}  // namespace

KernelSpecification cross_entropy() {
  return {"loss over the vocabulary with its gradient", tensors, both, shapes(), forward};
}

}  // namespace trainbudget::microbench::reference
