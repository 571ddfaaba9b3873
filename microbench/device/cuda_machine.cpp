#include "device/cuda_machine.h"

#include "device/check.h"

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

}  // namespace

std::optional<std::string> no_cuda_device() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
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
