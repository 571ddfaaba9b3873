// The GPU of this machine.
#pragma once

#include "core/measurement.h"
#include "harness/machine.h"

#include <memory>
#include <optional>
#include <string>

namespace trainbudget::microbench {

/// Why no GPU can be used, in one sentence; nothing where one can.
std::optional<std::string> no_cuda_device();

/// Device `index`. Throws DeviceError.
std::unique_ptr<Machine> make_cuda_machine(int index);

/// What device `index` is. Throws DeviceError.
MeasuredDevice describe_device(int index);

/// What nvcc built of the kernel of this name; null for an unknown one.
BindKernel* cuda_binding(std::string_view kernel);

}  // namespace trainbudget::microbench
