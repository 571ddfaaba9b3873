// Where things lie in memory, for references that are written for clarity.
#pragma once

#include "kernels/specification.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace trainbudget::microbench::reference {

constexpr std::size_t index(std::int64_t position) {
  return static_cast<std::size_t>(position);
}

/// A [batch, sequence, heads, head_size] tensor.
struct HeadLayout {
  std::int64_t batch, sequence, heads, head_size;

  explicit HeadLayout(const Shape& shape)
      : batch(shape.batch), sequence(shape.sequence), heads(shape.heads), head_size(shape.head_size) {}

  /// Channel 0 of a token of a head.
  std::size_t operator()(std::int64_t b, std::int64_t t, std::int64_t h) const {
    return index(((b * sequence + t) * heads + h) * head_size);
  }
  std::size_t size() const { return index(batch * sequence * heads * head_size); }
};

/// Relative error that passes: rounding of the result where it is bfloat16, `single` where it is float.
constexpr double tolerance_of(ElementType type, double single = 1e-5) {
  return type == ElementType::bfloat16 ? 4e-3 : single;
}

}  // namespace trainbudget::microbench::reference
