// The lanes of a warp on their way through a kernel.
#pragma once

#include "operations.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace software_gpu {

/// A thread's way to a barrier, or to its end.
enum class State : std::uint8_t { running, at_warp_barrier, at_block_barrier, ended };

struct Warp {
  int first_thread = 0;
  std::array<std::int32_t, lanes_of_warp> next{};
  std::array<State, lanes_of_warp> state{};
  std::uint32_t interval = 1;
  Rows rows;
  std::vector<std::byte> local;  ///< [lanes, bytes]

  Mask in(State wanted) const {
    Mask mask = 0;
    for (std::size_t lane = 0; lane < state.size(); ++lane)
      mask |= state[lane] == wanted ? Mask{1} << lane : 0;
    return mask;
  }
};

}  // namespace software_gpu
