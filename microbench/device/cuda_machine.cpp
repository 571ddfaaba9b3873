#include "device/cuda_machine.h"

#include "device/check.h"

#include <cstdlib>
#include <string_view>

namespace trainbudget::microbench {

namespace {

class CudaMachine final : public Machine {
 public:
  void* allocate(std::size_t bytes) override {
    void* buffer = nullptr;
    check(cudaMalloc(&buffer, bytes), "allocating GPU memory");
    return buffer;
  }
  void release(void* buffer) noexcept override { cudaFree(buffer); }
  void copy_in(void* target, const void* source, std::size_t bytes) override {
    check(cudaMemcpy(target, source, bytes, cudaMemcpyHostToDevice), "copying to the GPU");
  }
  void copy_out(void* target, const void* source, std::size_t bytes) override {
    check(cudaMemcpy(target, source, bytes, cudaMemcpyDeviceToHost), "copying from the GPU");
  }
  BindKernel* binding(const Kernel& kernel) const override { return cuda_binding(kernel.name); }
  LaunchStream stream() const override { return {}; }
  void synchronize() override { check(cudaDeviceSynchronize(), "running on the GPU"); }
};

/// "13.0" of 13000.
std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// No driver at all, or one of an older CUDA: the runtime answers alike.
std::string driver_too_old() {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) return "no CUDA device: no driver";
  return "no CUDA device that this program can use: the driver knows CUDA " + version_text(driver) +
         ", this program was built with " + version_text(CUDART_VERSION) +
         (CUDART_VERSION / 1000 == 13 ? ", which needs driver 580 or later" : "");
}

}  // namespace

std::optional<std::string> no_cuda_device() {
  // Each launch would wait for the one before: the stream cannot be held while work is queued.
  const char* blocking = std::getenv("CUDA_LAUNCH_BLOCKING");
  if (blocking != nullptr && std::string_view(blocking) != "0" && *blocking != '\0')
    return "no CUDA device that can be timed: CUDA_LAUNCH_BLOCKING is set; unset it";
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver) return driver_too_old();
  if (status != cudaSuccess) return std::string("no CUDA device: ") + cudaGetErrorString(status);
  if (count == 0) return "no CUDA device";
  return std::nullopt;
}

std::unique_ptr<Machine> make_cuda_machine(int index) {
  check(cudaSetDevice(index), "choosing the GPU");
  return std::make_unique<CudaMachine>();
}

MeasuredDevice describe_device(int index) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "reading the GPU's properties");
  int sm_kilohertz = 0, memory_kilohertz = 0;
  check(cudaDeviceGetAttribute(&sm_kilohertz, cudaDevAttrClockRate, index), "reading the GPU's clock");
  check(cudaDeviceGetAttribute(&memory_kilohertz, cudaDevAttrMemoryClockRate, index),
        "reading the memory's clock");
  MeasuredDevice device{.name = properties.name,
                        .compute_capability_major = properties.major,
                        .compute_capability_minor = properties.minor,
                        .multiprocessors = properties.multiProcessorCount,
                        .memory_bytes = static_cast<double>(properties.totalGlobalMem),
                        .l2_bytes = static_cast<double>(properties.l2CacheSize),
                        .highest_sm_clock = 1e3 * sm_kilohertz,
                        .highest_memory_clock = 1e3 * memory_kilohertz,
                        .ecc = properties.ECCEnabled != 0};
  check(cudaDriverGetVersion(&device.cuda_driver), "reading the driver's version");
  check(cudaRuntimeGetVersion(&device.cuda_runtime), "reading the runtime's version");
  return device;
}

}  // namespace trainbudget::microbench
