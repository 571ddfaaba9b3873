// The kernel table's names to what nvcc built of them.
#include "device/cuda_machine.h"

namespace trainbudget::microbench {

#define TB_KERNEL(name) \
  namespace cuda {      \
  BindKernel name;      \
  }
#include "kernels/table.def"
#undef TB_KERNEL

BindKernel* cuda_binding(std::string_view kernel) {
#define TB_KERNEL(name) \
  if (kernel == #name) return &cuda::name;
#include "kernels/table.def"
#undef TB_KERNEL
  return nullptr;
}

}  // namespace trainbudget::microbench
