// The parts of the software GPU's CUDA runtime, and its libraries around it, meet here.
#pragma once

#include "device.h"

#include <vector>

#include <cuda_runtime_api.h>

namespace software_gpu {

struct Stream {
  bool capturing = false;
  std::vector<Work> captured;
};

/// What the runtime remembers of its process.
struct State {
  cudaError_t last = cudaSuccess;
  cudaError_t fault = cudaSuccess;  ///< once a kernel has failed, nothing works any more
  std::size_t used = 0;             ///< bytes of the device
  int capturing = 0;                ///< streams of which graphs are being made
};

State& state();

/// `status`, remembered where it is an error, as cudaGetLastError wants.
cudaError_t told(cudaError_t status);

/// Does all that is queued.
cudaError_t finish();

/// Queues `work` on `stream`, or adds it to the graph that is being made of it.
cudaError_t queue(cudaStream_t stream, Work work);

/// Whether `bytes` from `pointer` on lie in one allocation.
bool on_device(const void* pointer, std::size_t bytes);

inline Stream* stream_of(cudaStream_t stream) {
  return reinterpret_cast<Stream*>(stream);
}

inline constexpr std::size_t device_bytes = std::size_t{80} << 30;

}  // namespace software_gpu
