// A file of kernels is compiled twice: by nvcc into namespace `cuda`, by the host compiler into `emulation`.
#pragma once

#include "kernels/arguments.h"

#if defined(__CUDACC__)
#include "portable/launch.cuh"
#define TB_BACKEND cuda
#else
#define TB_BACKEND emulation
#endif

namespace trainbudget::microbench::TB_BACKEND {

/// Queues one kernel on this backend, or adds its size to stream.sizes.
template <class Kernel>
void queue(const Kernel& kernel, LaunchStream stream) {
  if (stream.sizes != nullptr) {
    const Grid grid = kernel.grid();
    LaunchSize size{.blocks = static_cast<double>(grid.x) * grid.y * grid.z};
#if defined(__CUDACC__)
    size.resident_blocks = resident_blocks<Kernel>();
#endif
    stream.sizes->push_back(size);
    return;
  }
#if defined(__CUDACC__)
  launch(kernel, static_cast<cudaStream_t>(stream.handle));
#else
  emulate(kernel, stream.order);
#endif
}

/// A bound kernel of one launch or of several in sequence.
template <class... Kernels>
BoundKernel bind_launches(Kernels... kernels) {
  return [=](LaunchStream stream) { (queue(kernels, stream), ...); };
}

}  // namespace trainbudget::microbench::TB_BACKEND
