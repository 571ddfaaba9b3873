// Runs a kernel, block after block: the lanes of a warp in step while they are at the same instruction, those
// furthest behind first where they part.
#pragma once

#include "memory.h"
#include "ptx.h"
#include "traffic.h"

#include <array>
#include <cstddef>
#include <vector>

namespace software_gpu {

struct Extent {
  unsigned x = 1, y = 1, z = 1;
};

struct Launch {
  const Function* function = nullptr;
  Extent grid, block;
  std::size_t dynamic_shared_bytes = 0;
  std::vector<std::byte> parameters;
};

/// Throws Fault, which names the kernel, the instruction and the thread.
Traffic execute(const Launch& launch, const GlobalMemory& memory);

}  // namespace software_gpu
