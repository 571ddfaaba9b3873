// References of passes over [tokens, channels], built from closures on one element or one head.
#pragma once

#include "reference/layout.h"

namespace trainbudget::microbench::reference {

/// Sizes the tensors that a reference writes, all zero.
inline void clear(Values& x, std::int64_t count, std::initializer_list<const char*> names) {
  for (const char* name : names)
    x[name].assign(index(count), 0.0);
}

/// Calls visit(element, channel) for every element of [tokens, channels].
template <class Visit>
void over_elements(const Shape& shape, Visit visit) {
  for (std::int64_t row = 0; row < shape.tokens(); ++row) {
    for (std::int64_t c = 0; c < shape.channels; ++c)
      visit(index(row * shape.channels + c), index(c));
  }
}

/// Calls visit(first element, first channel) for every group of `size` channels of every token.
template <class Visit>
void over_groups(const Shape& shape, std::int64_t size, Visit visit) {
  for (std::int64_t row = 0; row < shape.tokens(); ++row) {
    for (std::int64_t c = 0; c < shape.channels; c += size)
      visit(index(row * shape.channels + c), index(c));
  }
}

inline double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

/// An input or output of [tokens, channels] in bfloat16.
inline Tensor activation(const Shape& shape, const char* name, Role role = Role::input) {
  return {.name = name, .role = role, .count = shape.tokens() * shape.channels};
}

/// An input of [channels].
inline Tensor channel_input(const Shape& shape, const char* name, Fill fill = {}) {
  return {.name = name, .count = shape.channels, .fill = fill};
}

/// A gradient summed over rows, and the scratch that its partial sums need.
inline Tensor channel_sum(const Shape& shape, const char* name, std::int64_t rows = 1) {
  return {.name = name,
          .type = ElementType::float32,
          .role = Role::output,
          .count = rows * shape.channels,
          .tolerance = 1e-4};
}
Tensor partial_sums(const Shape& shape, int sums);

/// Several tokens and sequences, channels that fill a block partly, in full and in excess. All multiples
/// of 64.
std::vector<Shape> row_shapes();

}  // namespace trainbudget::microbench::reference
