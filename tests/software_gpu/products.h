// What cuBLASLt of the software GPU was asked for, for tests of those who ask.
#pragma once

#include <cstddef>

namespace software_gpu {

struct ProductCounts {
  std::size_t proposals = 0;  ///< times that algorithms were asked for
  std::size_t launches = 0;   ///< products that were queued
};

/// Of this process until now.
const ProductCounts& product_counts();

}  // namespace software_gpu
