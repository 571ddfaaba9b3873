// The same kernel on the GPU.
#pragma once

#include "portable/portable.h"

#include <stdexcept>
#include <string>

#include <cuda_runtime.h>

namespace trainbudget::microbench {

/// What a kernel sees of its place in the launch, on the GPU. Same interface as EmulatedBlock.
struct CudaBlock {
  TB_DEVICE int thread() const { return static_cast<int>(threadIdx.x); }
  TB_DEVICE int x() const { return static_cast<int>(blockIdx.x); }
  TB_DEVICE int y() const { return static_cast<int>(blockIdx.y); }
  TB_DEVICE int z() const { return static_cast<int>(blockIdx.z); }
  TB_DEVICE int grid_x() const { return static_cast<int>(gridDim.x); }
  TB_DEVICE void barrier() { __syncthreads(); }
  TB_DEVICE void warp_barrier() { __syncwarp(); }
  TB_DEVICE float shuffle_xor(float value, int mask) { return __shfl_xor_sync(0xffffffffU, value, mask); }
};

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads, Kernel::blocks_per_multiprocessor)
    device_entry(const Kernel kernel) {
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  CudaBlock block;
  kernel(block, *reinterpret_cast<typename Kernel::Shared*>(shared_bytes));
}

/// Above 48 KiB of shared memory a kernel must ask for it, once.
template <class Kernel>
cudaError_t allow_shared_memory() {
  constexpr int shared_size = static_cast<int>(sizeof(typename Kernel::Shared));
  if constexpr (shared_size > 48 * 1024) {
    static const cudaError_t allowed =
        cudaFuncSetAttribute(device_entry<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_size);
    return allowed;
  }
  return cudaSuccess;
}

/// Queues `kernel` on `stream`. Throws std::runtime_error when the launch is refused.
template <class Kernel>
void launch(const Kernel& kernel, cudaStream_t stream) {
  cudaError_t status = allow_shared_memory<Kernel>();
  if (status == cudaSuccess) {
    const Grid grid = kernel.grid();
    device_entry<Kernel>
        <<<dim3(grid.x, grid.y, grid.z), Kernel::threads, sizeof(typename Kernel::Shared), stream>>>(kernel);
    status = cudaGetLastError();
  }
  if (status == cudaSuccess) return;
  cudaGetLastError();  // a refusal before the launch would be told of the next one again
  throw std::runtime_error(std::string("kernel launch: ") + cudaGetErrorString(status));
}

/// Blocks of `Kernel` that this GPU holds at once; zero where the driver does not tell.
template <class Kernel>
double resident_blocks() {
  int device = 0, multiprocessors = 0, per_multiprocessor = 0;
  const bool known =
      allow_shared_memory<Kernel>() == cudaSuccess && cudaGetDevice(&device) == cudaSuccess &&
      cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device) == cudaSuccess &&
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_multiprocessor, device_entry<Kernel>,
                                                    Kernel::threads,
                                                    sizeof(typename Kernel::Shared)) == cudaSuccess;
  if (!known) cudaGetLastError();
  return known ? static_cast<double>(multiprocessors) * per_multiprocessor : 0.0;
}

}  // namespace trainbudget::microbench
