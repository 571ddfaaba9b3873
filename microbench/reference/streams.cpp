// Memory streams in double precision: see kernels/streams.cu.
#include "reference/rows.h"

namespace trainbudget::microbench::reference {

namespace {

void copy(const Shape&, Values& x) {
  x["a"] = x["b"];
}

void triad(const Shape& shape, Values& x) {
  clear(x, shape.elements, {"a"});
  for (std::size_t i = 0; i < index(shape.elements); ++i)
    x["a"][i] = x["b"][i] + 3.0 * x["c"][i];
}

Tensor flat(const Shape& shape, const char* name, Role role = Role::input) {
  return {
      .name = name, .type = ElementType::float32, .role = role, .count = shape.elements, .tolerance = 1e-6};
}

std::vector<Tensor> copy_tensors(const Shape& shape) {
  return {flat(shape, "b"), flat(shape, "a", Role::output)};
}

std::vector<Tensor> triad_tensors(const Shape& shape) {
  return {flat(shape, "b"), flat(shape, "c"), flat(shape, "a", Role::output)};
}

std::vector<Shape> shapes() {
  return {{.elements = 1027}, {.elements = 3}, {.elements = 2048}};
}

}  // namespace

KernelSpecification stream_copy() {
  return {"device copy", copy_tensors, copy, shapes(), nullptr};
}
KernelSpecification stream_triad() {
  return {"device triad", triad_tensors, triad, shapes(), nullptr};
}

}  // namespace trainbudget::microbench::reference
