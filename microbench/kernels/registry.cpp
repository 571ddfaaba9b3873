#include "kernels/registry.h"

namespace trainbudget::microbench {

#define TB_KERNEL(name)       \
  namespace emulation {       \
  BindKernel name;            \
  }                           \
  namespace reference {       \
  KernelSpecification name(); \
  }
#include "kernels/table.def"
#undef TB_KERNEL

namespace {
constexpr Kernel kernels[] = {
#define TB_KERNEL(name) {#name, &reference::name, &emulation::name},
#include "kernels/table.def"
#undef TB_KERNEL
};
}  // namespace

std::span<const Kernel> all_kernels() {
  return kernels;
}

const Kernel* find_kernel(std::string_view name) {
  for (const Kernel& kernel : kernels) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace trainbudget::microbench
