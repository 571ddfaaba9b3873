// Is a kernel right? Runs it on random inputs into poisoned outputs and compares with the double-precision
// reference.
#pragma once

#include "harness/machine.h"

#include <cstdint>
#include <string>
#include <vector>

namespace trainbudget::microbench {

struct TensorCheck {
  std::string tensor;
  double relative_error = 0.0;   ///< ‖result − reference‖ ÷ ‖reference‖
  double worst_element = 0.0;    ///< largest |result − reference| ÷ root mean square of the reference
  double tolerance = 0.0;        ///< of relative_error; a single element may be off by 64 times as much
  bool written_outside = false;  ///< bytes before or after the tensor changed
  bool passed = false;           ///< never true with a NaN
};

struct Verification {
  std::vector<TensorCheck> tensors;
  bool passed() const;
};

/// Compares results with a reference that has the same number of elements.
TensorCheck compare(const Tensor& tensor, const std::vector<double>& result,
                    const std::vector<double>& reference);

/// The inputs of `specification`, drawn from `seed`, and the reference's results for them. Tensors that a
/// forward pass saves hold the reference's values, rounded to their element type.
Values reference_values(const KernelSpecification& specification, const Shape& shape, std::uint64_t seed);

/// Runs `kernel` on `machine` and returns its outputs by name, as encoded bytes; guard bytes included in the
/// check. Throws UnsupportedShape, or std::runtime_error when the machine fails.
Verification verify(const Kernel& kernel, const Shape& shape, Machine& machine, std::uint64_t seed);

/// The encoded outputs of one run, one after the other: two runs that agree bit by bit agree here.
std::vector<std::byte> run_once(const Kernel& kernel, const Shape& shape, Machine& machine,
                                std::uint64_t seed);

}  // namespace trainbudget::microbench
