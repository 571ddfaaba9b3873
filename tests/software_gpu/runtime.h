// The way into a stream of the software GPU for the libraries around its runtime.
#pragma once

#include "device.h"

#include <cuda_runtime_api.h>

namespace software_gpu {

/// Queues `work` on `stream`, or adds it to the graph that is being made of it.
cudaError_t queue(cudaStream_t stream, Work work);

/// Whether `bytes` from `pointer` on lie in one allocation.
bool on_device(const void* pointer, std::size_t bytes);

}  // namespace software_gpu
