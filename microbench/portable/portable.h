// One kernel source for two machines. A kernel is a struct: its arguments are data members, `Shared` is what
// a block shares, `grid()` and `threads` are its launch shape, and operator()(block, shared) is what every
// thread runs. nvcc compiles it for the GPU (launch.cuh); a host compiler runs it thread by thread with real
// barriers (emulation.h), so that indexing and arithmetic are tested where there is no GPU.
#pragma once

#include <cmath>
#include <cstdint>

#if defined(__CUDACC__)
#define TB_DEVICE __device__ __forceinline__
#define TB_HOST_DEVICE __host__ __device__ __forceinline__
#define TB_UNROLL _Pragma("unroll")
#else
#define TB_DEVICE inline
#define TB_HOST_DEVICE inline
#define TB_UNROLL
#endif

namespace trainbudget::microbench {

/// Threads that run in step and can exchange registers.
inline constexpr int warp_size = 32;

/// Blocks of a launch along each axis.
struct Grid {
  unsigned x = 1, y = 1, z = 1;
};

/// The smallest number of groups of `size` that hold `count`.
template <class Integer>
TB_HOST_DEVICE constexpr Integer divide_up(Integer count, Integer size) {
  return (count + size - 1) / size;
}

}  // namespace trainbudget::microbench
