// Stands in where no CUDA compiler was found.
#include "harness/gpu.h"

namespace trainbudget::microbench {

std::unique_ptr<Device> open_gpu(int, std::string& reason) {
  reason = "no CUDA device: this program was built without a CUDA compiler";
  return nullptr;
}

}  // namespace trainbudget::microbench
