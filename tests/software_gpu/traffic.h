// What a launch asks of memory, beside the least that would do: what is spread over too many sectors, or
// meets in one bank, takes longer on any GPU.
#pragma once

#include "lanes.h"

#include <array>
#include <cstdint>

namespace software_gpu {

/// Counted by warp: one access is one instruction of up to 32 lanes.
struct Traffic {
  std::uint64_t instructions = 0;
  std::uint64_t global_accesses = 0;
  std::uint64_t sectors = 0;        ///< of 32 bytes, that accesses touched
  std::uint64_t least_sectors = 0;  ///< that would hold the bytes, each counted once an access
  std::uint64_t shared_accesses = 0;
  std::uint64_t bank_conflicts = 0;  ///< passes over shared memory beyond the first of a group of lanes

  Traffic& operator+=(const Traffic& other);
};

/// Where the lanes of an access begin.
using Addresses = std::array<std::uint64_t, lanes_of_warp>;

/// An access of `bytes` (a power of two up to 16) by each lane of `mask`.
void count_global(Traffic& traffic, const Addresses& addresses, Mask mask, std::size_t bytes);
/// The same of shared memory: 32 banks of 4 bytes, 128 bytes at a time (all lanes where each takes 4 bytes or
/// less, half of them where it takes 8, a quarter where it takes 16).
void count_shared(Traffic& traffic, const Addresses& addresses, Mask mask, std::size_t bytes);

}  // namespace software_gpu
