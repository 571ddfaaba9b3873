// Small kernels that the harness itself needs on the GPU.
#pragma once

#include "harness/gemm_precision.h"
#include "kernels/specification.h"

#include <cstddef>
#include <cstdint>

namespace trainbudget::microbench {

/// Fills `count` elements at `target` on the default stream.
void fill_on_device(void* target, ElementType type, std::int64_t count, const Fill& fill,
                    std::uint64_t stream);

/// The same for an operand of a matrix product: normal, standard deviation 1.
void fill_operand(void* target, GemmPrecision precision, std::int64_t count, std::uint64_t stream);

/// Queues a kernel that holds the default stream until *flag, in host memory mapped to the device, is not 0:
/// what is queued behind it then runs without the gaps of launching. It lets go by itself after about ten
/// seconds.
void queue_blocking_kernel(const int* flag);

/// Queues a kernel that reads all of `bytes` at `data`, which is a multiple of four, on the default stream.
void queue_reading(const void* data, std::size_t bytes);

/// Whether this program was built for the current GPU's compute capability, or an older one of its kind.
bool has_kernels_for_this_gpu();

/// Queues a kernel that does nothing on a CUDA stream.
void queue_empty_kernel(void* stream);

}  // namespace trainbudget::microbench
