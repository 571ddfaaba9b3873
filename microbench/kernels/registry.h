// All kernels, by name.
#pragma once

#include "kernels/arguments.h"
#include "kernels/specification.h"

#include <span>
#include <string_view>

namespace trainbudget::microbench {

struct Kernel {
  std::string_view name;
  KernelSpecification (*specification)();
  BindKernel* emulated;  ///< on this CPU; the GPU finds its own binding by name
};

/// Every kernel, in the order of kernels/table.def.
std::span<const Kernel> all_kernels();

/// The kernel of this name, or null.
const Kernel* find_kernel(std::string_view name);

}  // namespace trainbudget::microbench
