// The sizes that a kernel works on. A kernel uses the ones that it names; the rest stay as they are.
#pragma once

#include <cstdint>

namespace trainbudget::microbench {

struct Shape {
  std::int64_t batch = 1;       ///< sequences, B
  std::int64_t sequence = 16;   ///< tokens of a sequence, T
  std::int64_t heads = 1;       ///< H
  std::int64_t head_size = 64;  ///< channels of a head, N
  std::int64_t channels = 64;   ///< width of a token, C; heads × head_size where a kernel has heads
  std::int64_t vocabulary = 64;
  std::int64_t elements = 64;  ///< length of a flat array
  std::int64_t step = 1;       ///< optimizer steps done, this one included

  constexpr std::int64_t tokens() const { return batch * sequence; }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

}  // namespace trainbudget::microbench
