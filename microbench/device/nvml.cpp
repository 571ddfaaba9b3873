#include "device/nvml.h"

#include "device/shared_library.h"

#include <array>

namespace trainbudget::microbench {

namespace {

// The part of NVML's C interface that is used here, after NVIDIA's NVML API reference: handles are opaque
// pointers, results are 0 for success. Its header is not part of every toolkit.
using Handle = void*;
using Result = int;
constexpr unsigned sm_clock = 1, memory_clock = 2;
constexpr unsigned gpu_temperature = 0;
struct ProcessInfo {
  unsigned pid;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
};

struct FieldValue {
  unsigned field = 0, scope = 0;
  long long timestamp = 0, latency = 0;
  unsigned type = 0;
  Result result = 0;
  std::uint64_t value = 0;  ///< a union; its first bytes are the number
};
constexpr unsigned instant_power = 186;  // NVML_FI_DEV_POWER_INSTANT, mW; drivers differ in its integer type
constexpr unsigned floating_point = 0;   // NVML_VALUE_TYPE_DOUBLE

class Nvml {
 public:
  explicit Nvml(const std::string& pci_address) : library_("libnvidia-ml.so.1") {
    if (!library_.opened()) return;
    auto* initialise = library_.find<Result()>("nvmlInit_v2");
    auto* by_address = library_.find<Result(const char*, Handle*)>("nvmlDeviceGetHandleByPciBusId_v2");
    shut_down_ = library_.find<Result()>("nvmlShutdown");
    if (initialise == nullptr || by_address == nullptr || initialise() != 0) return;
    initialised_ = true;
    if (by_address(pci_address.c_str(), &device_) != 0) device_ = nullptr;
    clock_ = library_.find<Result(Handle, unsigned, unsigned*)>("nvmlDeviceGetClockInfo");
    power_ = library_.find<Result(Handle, unsigned*)>("nvmlDeviceGetPowerUsage");
    fields_ = library_.find<Result(Handle, int, FieldValue*)>("nvmlDeviceGetFieldValues");
    temperature_ = library_.find<Result(Handle, unsigned, unsigned*)>("nvmlDeviceGetTemperature");
    reasons_ = library_.find<Result(Handle, unsigned long long*)>("nvmlDeviceGetCurrentClocksEventReasons");
    if (reasons_ == nullptr) {
      reasons_ =
          library_.find<Result(Handle, unsigned long long*)>("nvmlDeviceGetCurrentClocksThrottleReasons");
    }
    processes_ =
        library_.find<Result(Handle, unsigned*, ProcessInfo*)>("nvmlDeviceGetComputeRunningProcesses_v3");
  }
  ~Nvml() {
    if (initialised_ && shut_down_ != nullptr) shut_down_();
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  bool usable() const { return device_ != nullptr; }

  double clock(unsigned which) const {
    unsigned megahertz = 0;
    return clock_ != nullptr && clock_(device_, which, &megahertz) == 0 ? 1e6 * megahertz : 0.0;
  }
  double power() const {
    // The plain figure is a mean over the last second from Ampere on; a timing is shorter than that.
    FieldValue field{.field = instant_power};
    if (fields_ != nullptr && fields_(device_, 1, &field) == 0 && field.result == 0 &&
        field.type != floating_point)
      return 1e-3 * static_cast<double>(field.value & 0xffffffffU);
    return 1e-3 * number(power_);
  }
  double temperature() const {
    unsigned celsius = 0;
    return temperature_ != nullptr && temperature_(device_, gpu_temperature, &celsius) == 0 ? celsius : 0.0;
  }
  std::uint64_t reasons() const {
    unsigned long long bits = 0;
    return reasons_ != nullptr && reasons_(device_, &bits) == 0 ? bits : 0;
  }
  int other_processes() const {
    std::array<ProcessInfo, 64> running{};
    unsigned count = running.size();
    if (processes_ == nullptr || processes_(device_, &count, running.data()) != 0) return 0;
    // One of them is this one. Its number is no help: in a container it is another one than outside.
    return count == 0 ? 0 : static_cast<int>(count) - 1;
  }

  void describe(MeasuredDevice& device) const {
    std::array<char, 80> version{};
    auto* driver = library_.find<Result(char*, unsigned)>("nvmlSystemGetDriverVersion");
    if (driver != nullptr && driver(version.data(), version.size()) == 0)
      device.driver_version = version.data();
    device.power_limit =
        1e-3 * number(library_.find<Result(Handle, unsigned*)>("nvmlDeviceGetEnforcedPowerLimit"));
    device.persistence =
        number(library_.find<Result(Handle, unsigned*)>("nvmlDeviceGetPersistenceMode")) == 1.0;
    unsigned current = 0, pending = 0;
    auto* mig = library_.find<Result(Handle, unsigned*, unsigned*)>("nvmlDeviceGetMigMode");
    device.mig = mig != nullptr && mig(device_, &current, &pending) == 0 && current == 1;
  }

 private:
  double number(Result (*function)(Handle, unsigned*)) const {
    unsigned value = 0;
    return function != nullptr && function(device_, &value) == 0 ? value : 0.0;
  }

  SharedLibrary library_;
  bool initialised_ = false;
  Handle device_ = nullptr;
  Result (*shut_down_)() = nullptr;
  Result (*clock_)(Handle, unsigned, unsigned*) = nullptr;
  Result (*power_)(Handle, unsigned*) = nullptr;
  Result (*fields_)(Handle, int, FieldValue*) = nullptr;
  Result (*temperature_)(Handle, unsigned, unsigned*) = nullptr;
  Result (*reasons_)(Handle, unsigned long long*) = nullptr;
  Result (*processes_)(Handle, unsigned*, ProcessInfo*) = nullptr;
};

class NvmlSource final : public ReadingSource {
 public:
  explicit NvmlSource(const std::string& pci_address) : nvml_(pci_address) {}
  bool usable() const { return nvml_.usable(); }

  bool read(Reading& reading) override {
    reading = {.time = monotonic_seconds(),
               .sm_clock = nvml_.clock(sm_clock),
               .memory_clock = nvml_.clock(memory_clock),
               .power = nvml_.power(),
               .temperature = nvml_.temperature(),
               .reasons = nvml_.reasons(),
               .other_processes = nvml_.other_processes()};
    return true;
  }

 private:
  Nvml nvml_;
};

}  // namespace

std::unique_ptr<ReadingSource> make_nvml_source(const std::string& pci_address) {
  auto source = std::make_unique<NvmlSource>(pci_address);
  if (!source->usable()) return nullptr;
  return source;
}

void describe_by_nvml(const std::string& pci_address, MeasuredDevice& device) {
  const Nvml nvml(pci_address);
  if (nvml.usable()) nvml.describe(device);
}

}  // namespace trainbudget::microbench
