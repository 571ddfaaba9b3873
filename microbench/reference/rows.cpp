#include "reference/rows.h"

#include "kernels/strip_counts.h"

namespace trainbudget::microbench::reference {

Tensor partial_sums(const Shape& shape, int sums) {
  return {.name = "partial",
          .type = ElementType::float32,
          .role = Role::scratch,
          .count = partial_elements(shape.tokens(), shape.channels, sums)};
}

std::vector<Shape> row_shapes() {
  return {{.batch = 2, .sequence = 5, .heads = 3, .channels = 192},
          {.batch = 1, .sequence = 2, .heads = 1, .channels = 64},
          {.batch = 1, .sequence = 9, .heads = 17, .channels = 1088},
          {.batch = 3, .sequence = 201, .heads = 1, .channels = 64}};
}

}  // namespace trainbudget::microbench::reference
