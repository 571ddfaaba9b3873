// The way to the GPU, in a program that may have been built without it.
#pragma once

#include "harness/device.h"

#include <memory>
#include <string>

namespace trainbudget::microbench {

/// GPU `index`; null, with one sentence in `reason`, where there is none or the program was built without
/// CUDA.
std::unique_ptr<Device> open_gpu(int index, std::string& reason);

}  // namespace trainbudget::microbench
