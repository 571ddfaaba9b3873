// The CUDA runtime of the software GPU: libcudart.so.13 for a program that is linked with the shared one. It
// is stricter than NVIDIA's, and knows what the microbenchmark and kernel files call. After NVIDIA's "CUDA
// Runtime API" reference.
#include "runtime.h"

#include "fat_binary.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <cuda_runtime_api.h>

namespace software_gpu {

namespace {

constexpr std::size_t shared_without_asking = 48 * 1024;
constexpr std::size_t most_shared = 227 * 1024;
constexpr int multiprocessors = 132;
constexpr int l2_bytes = 50 << 20;

/// The kernels of one compiled file.
struct Registered {
  const void* fat_binary = nullptr;
  std::optional<Module> module;  ///< read at the first launch
};
struct Kernel {
  Registered* file = nullptr;
  std::string name;
  std::size_t dynamic_shared_allowed = shared_without_asking;
};

std::map<const void*, Kernel>& kernels() {
  static std::map<const void*, Kernel> all;
  return all;
}

/// What stands between <<< and >>>, on its way to the launch.
struct Configuration {
  dim3 grid, block;
  std::size_t shared = 0;
  cudaStream_t stream = nullptr;
};

std::vector<Configuration>& configurations() {
  static std::vector<Configuration> all;
  return all;
}

const Function* function_of(Kernel& kernel) {
  if (!kernel.file->module) {
    try {
      kernel.file->module = read_ptx(ptx_of(kernel.file->fat_binary));
    } catch (const PtxError& problem) {
      std::fprintf(stderr, "software GPU: %s: %s\n", kernel.name.c_str(), problem.what());
      return nullptr;
    }
  }
  const auto found = kernel.file->module->functions.find(kernel.name);
  return found == kernel.file->module->functions.end() ? nullptr : &found->second;
}

cudaError_t launch(const void* host_function, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                   cudaStream_t stream) {
  const auto found = kernels().find(host_function);
  if (found == kernels().end()) return told(cudaErrorInvalidDeviceFunction);
  const Function* function = function_of(found->second);
  if (function == nullptr) return told(cudaErrorNoKernelImageForDevice);
  const auto threads = std::uint64_t{block.x} * block.y * block.z;
  const bool empty = grid.x == 0 || grid.y == 0 || grid.z == 0 || threads == 0;
  if (empty || threads > 1024 || block.z > 64 || grid.x > 0x7fffffffU || grid.y > 65535 || grid.z > 65535)
    return told(cudaErrorInvalidConfiguration);
  if (threads > static_cast<std::uint64_t>(function->most_threads))
    return told(cudaErrorLaunchOutOfResources);
  if (shared + function->shared_bytes > found->second.dynamic_shared_allowed)
    return told(cudaErrorInvalidValue);
  auto made = std::make_shared<Launch>();
  made->function = function;
  made->grid = {grid.x, grid.y, grid.z};
  made->block = {block.x, block.y, block.z};
  made->dynamic_shared_bytes = shared;
  made->parameters.resize(function->parameter_bytes);
  for (std::size_t i = 0; i < function->parameters.size(); ++i)
    std::memcpy(made->parameters.data() + function->parameters[i].offset, arguments[i],
                function->parameters[i].bytes);
  Device& device = Device::instance();
  // A kernel that watches a flag until the host sets it.
  const bool waits = std::any_of(function->specials.begin(), function->specials.end(),
                                 [](const Special& s) { return s.name == "%globaltimer"; });
  return queue(stream, {.run =
                            [made, &device, waits](double) {
                              if (device.computes() || waits) device.compute(*made);
                            },
                        .seconds = device.seconds_of(*made),
                        .waits_for_host = waits});
}

/// The CUDA that the driver knows: this one, or what a test asks for (12040; 0 where there is no driver).
int driver_version() {
  const char* asked = std::getenv("SOFTWARE_GPU_DRIVER");
  return asked != nullptr ? std::atoi(asked) : CUDART_VERSION;
}

}  // namespace

}  // namespace software_gpu

using namespace software_gpu;

extern "C" {

void** __cudaRegisterFatBinary(void* fat_binary) {
  auto* registered = new Registered{.fat_binary = fat_binary, .module = {}};
  return reinterpret_cast<void**>(registered);
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void** handle) {
  auto* registered = reinterpret_cast<Registered*>(handle);
  for (auto kernel = kernels().begin(); kernel != kernels().end();)
    kernel = kernel->second.file == registered ? kernels().erase(kernel) : std::next(kernel);
  delete registered;
}
char __cudaInitModule(void**) {
  return 1;
}
void __cudaRegisterFunction(void** handle, const char* host_function, char*, const char* name, int, uint3*,
                            uint3*, dim3*, dim3*, int*) {
  kernels()[host_function] = {.file = reinterpret_cast<Registered*>(handle), .name = name};
}
void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int, int) {}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream) {
  configurations().push_back({grid, block, shared, stream});
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  const Configuration last = configurations().back();
  configurations().pop_back();
  *grid = last.grid;
  *block = last.block;
  *shared = last.shared;
  *static_cast<cudaStream_t*>(stream) = last.stream;
  return cudaSuccess;
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host_function) {
  *kernel = reinterpret_cast<cudaKernel_t>(const_cast<void*>(host_function));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                               std::size_t shared, cudaStream_t stream) {
  return launch(reinterpret_cast<const void*>(kernel), grid, block, arguments, shared, stream);
}
cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments,
                             std::size_t shared, cudaStream_t stream) {
  return launch(function, grid, block, arguments, shared, stream);
}

cudaError_t cudaGetLastError() {
  return std::exchange(state().last, state().fault);
}
cudaError_t cudaPeekAtLastError() {
  return state().last;
}
const char* cudaGetErrorString(cudaError_t status) {
  static thread_local std::string text;
  text = "error " + std::to_string(static_cast<int>(status));
  return text.c_str();
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  // A driver serves the programs of its own major version and of older ones.
  if (driver_version() / 1000 < CUDART_VERSION / 1000) return told(cudaErrorInsufficientDriver);
  return *count = 1, cudaSuccess;
}
cudaError_t cudaSetDevice(int index) {
  return told(index == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaGetDevice(int* index) {
  return *index = 0, cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  return *version = driver_version(), cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  return *version = CUDART_VERSION, cudaSuccess;
}
cudaError_t cudaDeviceGetPCIBusId(char* address, int length, int) {
  std::snprintf(address, static_cast<std::size_t>(length), "0000:00:00.0");
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  // No profile knows it, so what is measured on it calibrates nothing, but for a test that asks for it by the
  // name of a GPU.
  const char* name = std::getenv("SOFTWARE_GPU_NAME");
  std::snprintf(properties->name, sizeof properties->name, "%s", name != nullptr ? name : "software GPU");
  properties->major = 9;
  properties->minor = 0;
  properties->multiProcessorCount = multiprocessors;
  properties->totalGlobalMem = device_bytes;
  properties->l2CacheSize = l2_bytes;
  properties->ECCEnabled = 1;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrClockRate:
      *value = 1'980'000;
      return cudaSuccess;
    case cudaDevAttrMemoryClockRate:
      *value = 2'619'000;
      return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      *value = multiprocessors;
      return cudaSuccess;
    case cudaDevAttrL2CacheSize:
      *value = l2_bytes;
      return cudaSuccess;
    default:
      return told(cudaErrorInvalidValue);
  }
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  const auto found = kernels().find(function);
  if (found == kernels().end() || function_of(found->second) == nullptr)
    return told(cudaErrorInvalidDeviceFunction);
  *attributes = {};
  return cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  const auto found = kernels().find(function);
  if (found == kernels().end()) return told(cudaErrorInvalidDeviceFunction);
  const bool known = attribute == cudaFuncAttributeMaxDynamicSharedMemorySize;
  if (!known || value < 0 || static_cast<std::size_t>(value) > most_shared)
    return told(cudaErrorInvalidValue);
  found->second.dynamic_shared_allowed = static_cast<std::size_t>(value);
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* function,
                                                                   int threads, std::size_t shared,
                                                                   unsigned) {
  if (kernels().find(function) == kernels().end()) return told(cudaErrorInvalidDeviceFunction);
  *blocks = std::min({32, 2048 / threads, static_cast<int>((most_shared + 1024) / (shared + 1024))});
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function, int threads,
                                                          std::size_t shared) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, function, threads, shared, 0);
}

}  // extern "C"
