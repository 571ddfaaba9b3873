// Is a matrix product the one that is meant? Layouts and transpositions are what goes wrong there.
#pragma once

#include "harness/device.h"
#include "harness/verify.h"

#include <cstddef>
#include <vector>

namespace trainbudget::microbench {

/// Products whose sizes differ in all directions, so that no mistake hides; of every pass, single and in a
/// batch.
std::vector<GemmShape> product_test_shapes();

/// The operands in `bytes`, as numbers.
std::vector<double> decoded(const std::vector<std::byte>& bytes, GemmPrecision precision);

/// Multiplies random operands on `device` into a poisoned result and compares with the product of the same
/// operands in double precision. In fp8 both operands lie along the dimension that is summed over, in every
/// pass. Throws UnsupportedShape where the device has no such product.
Verification verify_product(Device& device, const GemmShape& shape, GemmPrecision precision);

}  // namespace trainbudget::microbench
