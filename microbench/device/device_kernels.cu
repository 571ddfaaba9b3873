#include "device/check.h"
#include "device/device_kernels.h"
#include "kernels/fill.cuh"
#include "portable/launch.cuh"

#include <cuda_fp16.h>
#include <cuda_fp8.h>

namespace trainbudget::microbench {

namespace {

constexpr long long longest_block_nanoseconds = 10'000'000'000LL;

__global__ void blocking_kernel(const volatile int* flag) {
  unsigned long long start = 0, now = 0;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
  while (*flag == 0) {
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
    if (static_cast<long long>(now - start) > longest_block_nanoseconds) return;
  }
}

__global__ void empty_kernel() {}

/// Writes nothing where all bytes are one, whose few sums are never that number; no compiler knows.
__global__ void reading_kernel(unsigned* data, std::size_t count) {
  constexpr unsigned no_sum = 0x9e3779b9U;
  unsigned sum = 0;
  const std::size_t stride = static_cast<std::size_t>(gridDim.x) * blockDim.x;
  for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += stride)
    sum += data[i];
  if (sum == no_sum) data[0] = sum;
}

template <class Element>
__global__ void fill_with(Element* target, std::int64_t count, std::uint64_t stream) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) target[i] = static_cast<Element>(Fill{}.value(stream, static_cast<std::uint64_t>(i)));
}

template <class Element>
void launch_fill(void* target, std::int64_t count, std::uint64_t stream) {
  fill_with<<<static_cast<unsigned>(divide_up<std::int64_t>(count, 256)), 256>>>(
      static_cast<Element*>(target), count, stream);
  check(cudaGetLastError(), "filling an operand");
}

}  // namespace

void fill_on_device(void* target, ElementType type, std::int64_t count, const Fill& fill,
                    std::uint64_t stream) {
  switch (type) {
    case ElementType::bfloat16:
      return launch(FillKernel<Bfloat16>{static_cast<Bfloat16*>(target), count, fill, stream}, nullptr);
    case ElementType::float32:
      return launch(FillKernel<float>{static_cast<float*>(target), count, fill, stream}, nullptr);
    case ElementType::int32:
      return launch(FillKernel<std::int32_t>{static_cast<std::int32_t*>(target), count, fill, stream},
                    nullptr);
  }
}

void fill_operand(void* target, GemmPrecision precision, std::int64_t count, std::uint64_t stream) {
  switch (precision) {
    case GemmPrecision::bf16:
      return fill_on_device(target, ElementType::bfloat16, count, Fill{}, stream);
    case GemmPrecision::tf32:
      return fill_on_device(target, ElementType::float32, count, Fill{}, stream);
    case GemmPrecision::fp16:
      return launch_fill<__half>(target, count, stream);
    case GemmPrecision::fp8:
      return launch_fill<__nv_fp8_e4m3>(target, count, stream);
  }
}

void queue_blocking_kernel(const int* flag) {
  blocking_kernel<<<1, 1>>>(flag);
  check(cudaGetLastError(), "holding the stream");
}

void queue_reading(const void* data, std::size_t bytes) {
  constexpr unsigned blocks = 1024, threads = 256;
  reading_kernel<<<blocks, threads>>>(static_cast<unsigned*>(const_cast<void*>(data)),
                                      bytes / sizeof(unsigned));
  check(cudaGetLastError(), "flushing the cache");
}

void queue_empty_kernel(void* stream) {
  empty_kernel<<<1, 1, 0, static_cast<cudaStream_t>(stream)>>>();
  check(cudaGetLastError(), "launching nothing");
}

bool has_kernels_for_this_gpu() {
  cudaFuncAttributes attributes{};
  const bool found = cudaFuncGetAttributes(&attributes, empty_kernel) == cudaSuccess;
  cudaGetLastError();
  return found;
}

}  // namespace trainbudget::microbench
