// Libraries of CUDA that the program loads at run time, wherever a machine keeps them.
#pragma once

#include "device/shared_library.h"

#include <string>

namespace trainbudget::microbench {

/// `name` ("libcublasLt.so.13") where the linker finds it, else in a toolkit (CUDA_HOME, CUDA_PATH,
/// /usr/local/cuda), which the linker need not know, else in the wheels of a Python (of VIRTUAL_ENV,
/// CONDA_PREFIX, PATH, the system or the user), as PyTorch brings them. Not opened where it is nowhere
/// or where none can be loaded; error() is then the linker's, of the first that is there.
SharedLibrary open_cuda_library(const std::string& name);

}  // namespace trainbudget::microbench
