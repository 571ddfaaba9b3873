// CUDA calls that fail say which one, and stop what was going on.
#pragma once

#include <stdexcept>
#include <string>

#include <cuda_runtime_api.h>

namespace trainbudget::microbench {

class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  // CUDA keeps the last error until it is asked for: left there, it would be told of the next launch.
  cudaGetLastError();
  throw DeviceError(std::string(what) + ": " + cudaGetErrorString(status));
}

}  // namespace trainbudget::microbench
