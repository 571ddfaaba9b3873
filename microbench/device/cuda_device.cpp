// The GPU behind the interface of the harness.
#include "device/check.h"
#include "device/cuda_machine.h"
#include "device/cuda_sequence.h"
#include "device/cuda_timer.h"
#include "device/device_kernels.h"
#include "device/gemm.h"
#include "device/nvml.h"
#include "harness/gpu.h"

#include <array>

namespace trainbudget::microbench {

namespace {

std::string pci_address(int index) {
  std::array<char, 32> address{};
  check(cudaDeviceGetPCIBusId(address.data(), static_cast<int>(address.size()), index),
        "reading the GPU's address");
  return address.data();
}

class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int index) : machine_(make_cuda_machine(index)), description_(describe_device(index)) {
    if (!has_kernels_for_this_gpu()) {
      throw DeviceError("no CUDA device that this program was built for: compute capability " +
                        std::to_string(description_.compute_capability_major) + "." +
                        std::to_string(description_.compute_capability_minor) +
                        " is not among its TRAINBUDGET_CUDA_ARCHITECTURES");
    }
    const std::string address = pci_address(index);
    readings_ = make_nvml_source(address);
    describe_by_nvml(address, description_);
    gemm_ = load_gemm_library(no_gemm_);
    if (gemm_ != nullptr) description_.cublas_version = gemm_->version();
  }

  Machine& machine() override { return *machine_; }
  MeasuredDevice description() override { return description_; }
  std::string_view kind() const override { return "gpu"; }
  double free_bytes() override {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for free memory");
    return static_cast<double>(free);
  }
  ReadingSource* readings() override { return readings_.get(); }

  void fill(void* target, ElementType type, std::int64_t count, const Fill& fill,
            std::uint64_t stream) override {
    fill_on_device(target, type, count, fill, stream);
  }
  void fill_operand(void* target, GemmPrecision precision, std::int64_t count,
                    std::uint64_t stream) override {
    microbench::fill_operand(target, precision, count, stream);
  }

  std::unique_ptr<Timer> timer(std::function<void(std::size_t)> launch, std::size_t sets,
                               TimingMode mode) override {
    return make_cuda_timer(std::move(launch), sets, mode);
  }
  std::unique_ptr<Sequence> sequence(std::vector<Span> spans, LaunchMode mode) override {
    return make_cuda_sequence(std::move(spans), mode);
  }
  Queue empty_launch() override {
    return [](LaunchStream stream) { queue_empty_kernel(stream.handle); };
  }
  GemmProduct product(const GemmShape& shape, GemmPrecision precision,
                      const GemmOperands& operands) override {
    if (gemm_ == nullptr) throw DeviceError("no matrix products: " + no_gemm_);
    return gemm_->prepare(shape, precision, operands);
  }
  void forget_choices() override {
    if (gemm_ != nullptr) gemm_->forget();
  }

 private:
  std::unique_ptr<Machine> machine_;
  MeasuredDevice description_;
  std::unique_ptr<ReadingSource> readings_;
  std::string no_gemm_;
  std::unique_ptr<GemmLibrary> gemm_;
};

}  // namespace

std::unique_ptr<Device> open_gpu(int index, std::string& reason) {
  if (const auto none = no_cuda_device()) {
    reason = *none;
    return nullptr;
  }
  try {
    return std::make_unique<CudaDevice>(index);
  } catch (const DeviceError& error) {
    reason = error.what();
    return nullptr;
  }
}

}  // namespace trainbudget::microbench
