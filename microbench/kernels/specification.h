// What a kernel computes on: its tensors, the values they take, how far its results may be from the
// reference, and the reference itself. One such description per kernel serves verification, the tests and the
// timing.
#pragma once

#include "kernels/shape.h"
#include "portable/random.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::microbench {

enum class ElementType : std::uint8_t { bfloat16, float32, int32 };

constexpr std::size_t size_of(ElementType type) {
  return type == ElementType::bfloat16 ? 2 : 4;
}

enum class Role : std::uint8_t {
  input,
  unread,  ///< an input of the forward pass that its gradient does not read, drawn for the reference alone
  output,
  in_place,  ///< read and written
  saved,     ///< input of a gradient that its forward kernel wrote: computed, not drawn
  scratch,   ///< written and read within the kernel; its contents are nobody's business
};

struct Tensor {
  std::string name;
  ElementType type = ElementType::bfloat16;
  Role role = Role::input;
  std::int64_t count = 0;
  Fill fill{};
  /// ‖result − reference‖ ÷ ‖reference‖ that passes. Default: rounding to bfloat16, twice over.
  double tolerance = 4e-3;
};

/// Tensors as double, by name.
using Values = std::map<std::string, std::vector<double>>;

struct KernelSpecification {
  std::string_view summary;
  std::vector<Tensor> (*tensors)(const Shape&) = nullptr;
  /// Computes outputs and saved tensors from inputs, in double precision.
  void (*reference)(const Shape&, Values&) = nullptr;
  /// Small and odd: what `verify` and the tests run.
  std::vector<Shape> test_shapes;
  /// For a gradient: the reference of the forward pass, from the inputs of the same names; finite differences
  /// of its outputs `x`, weighted with `d_x`, must match the gradients `d_name`.
  void (*differentiates)(const Shape&, Values&) = nullptr;
};

}  // namespace trainbudget::microbench
