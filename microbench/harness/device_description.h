// What was measured on. Everything that decides whether a measurement holds for another machine.
#pragma once

#include <cstdint>
#include <string>

namespace trainbudget::microbench {

struct DeviceDescription {
  std::string name;  ///< as the driver calls it: "NVIDIA H200"
  int compute_capability_major = 0, compute_capability_minor = 0;
  int multiprocessors = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t l2_bytes = 0;
  double highest_sm_clock = 0.0;      ///< Hz
  double highest_memory_clock = 0.0;  ///< Hz
  std::string driver_version;         ///< "580.82.07"; empty without NVML
  int cuda_driver = 0;                ///< 13000 for CUDA 13.0
  int cuda_runtime = 0;
  std::string cublas_version;  ///< empty where it was not loaded
  double power_limit = 0.0;    ///< W; zero without NVML
  bool ecc = false;
  bool mig = false;
  bool persistence = false;
};

}  // namespace trainbudget::microbench
