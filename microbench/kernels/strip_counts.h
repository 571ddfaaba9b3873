// Into how many strips of rows a pass is cut (strips.cuh), and the scratch that its partial sums need.
#pragma once

#include "portable/portable.h"

namespace trainbudget::microbench {

/// Strips of a pass that sums over rows: as many blocks as fill a large GPU a few times over, no more partial
/// sums.
inline int summing_strips(std::int64_t rows) {
  return static_cast<int>(rows < 512 ? rows : 512);
}

/// Strips of a pass without sums: four rows each.
inline int plain_strips(std::int64_t rows) {
  const std::int64_t strips = divide_up<std::int64_t>(rows, 4);
  return static_cast<int>(strips < 65535 ? strips : 65535);
}

/// Elements that the partial sums of a pass need.
inline std::int64_t partial_elements(std::int64_t rows, std::int64_t channels, int sums) {
  return sums * summing_strips(rows) * channels;
}

}  // namespace trainbudget::microbench
