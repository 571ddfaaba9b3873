// What a program hands to CUDA's runtime when it starts: a "fat binary" with its kernels for several GPUs,
// and in PTX.
#pragma once

#include <string>

namespace software_gpu {

/// The PTX inside what __cudaRegisterFatBinary gets; of several the last, which is for the newest GPU. Throws
/// PtxError: none, or compressed.
std::string ptx_of(const void* registered);

}  // namespace software_gpu
