// AdamW in double precision: see kernels/adamw.cu.
#include "kernels/adamw_settings.h"
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

void step(const Shape& shape, Values& x) {
  const AdamwSettings s;
  const auto steps = static_cast<double>(shape.step);
  clear(x, shape.elements, {"weight"});
  for (std::size_t i = 0; i < index(shape.elements); ++i) {
    double &p = x["master"][i], &m = x["mean"][i], &v = x["variance"][i];
    const double g = x["gradient"][i];
    m = s.beta1 * m + (1.0 - s.beta1) * g;
    v = s.beta2 * v + (1.0 - s.beta2) * g * g;
    const double unbiased_mean = m / (1.0 - std::pow(s.beta1, steps));
    const double unbiased_variance = v / (1.0 - std::pow(s.beta2, steps));
    p -= s.learning_rate * s.weight_decay * p;
    p -= s.learning_rate * unbiased_mean / (std::sqrt(unbiased_variance) + s.epsilon);
    x["weight"][i] = p;
  }
}

std::vector<Tensor> tensors(const Shape& shape) {
  const auto state = [&](const char* name, Fill fill) {
    return Tensor{.name = name,
                  .type = ElementType::float32,
                  .role = Role::in_place,
                  .count = shape.elements,
                  .fill = fill,
                  .tolerance = 1e-6};
  };
  return {state("master", {Fill::Kind::normal, 0.02F}),
          state("mean", {Fill::Kind::normal, 0.01F}),
          state("variance", {Fill::Kind::uniform, 0.9e-4F, 1e-4F}),
          {.name = "gradient", .count = shape.elements, .fill = {Fill::Kind::normal, 0.01F}},
          {.name = "weight", .role = Role::output, .count = shape.elements}};
}

std::vector<Shape> shapes() {
  return {{.elements = 1027, .step = 1}, {.elements = 3, .step = 10}, {.elements = 2048, .step = 1000}};
}

}  // namespace

KernelSpecification adamw() {
  return {"AdamW with fp32 master weights", tensors, step, shapes(), nullptr};
}

}  // namespace trainbudget::microbench::reference
