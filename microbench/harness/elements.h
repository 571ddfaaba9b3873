// Host copies of device buffers: doubles to the element type of a tensor and back.
#pragma once

#include "kernels/specification.h"

#include <cstddef>
#include <vector>

namespace trainbudget::microbench {

/// `values` in the element type of `tensor`, as bytes.
std::vector<std::byte> encode(const Tensor& tensor, const std::vector<double>& values);

/// The elements in `bytes`, widened.
std::vector<double> decode(const Tensor& tensor, const std::vector<std::byte>& bytes);

/// What `tensor` is filled with in random stream `stream`, rounded to its element type.
std::vector<double> draw(const Tensor& tensor, std::uint64_t stream);

}  // namespace trainbudget::microbench
