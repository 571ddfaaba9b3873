// The CUDA runtime of the software GPU: libcudart.so.13 for a program that is linked with the shared one. It
// is stricter than NVIDIA's, and knows what the microbenchmark and kernel files call. After NVIDIA's "CUDA
// Runtime API" reference.
#include "runtime.h"

#include "fat_binary.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <cuda_runtime_api.h>
#include <sys/mman.h>

namespace software_gpu {

namespace {

constexpr std::size_t device_bytes = std::size_t{80} << 30;
constexpr std::size_t page = 4096;
constexpr std::size_t shared_without_asking = 48 * 1024;
constexpr std::size_t most_shared = 227 * 1024;
constexpr int multiprocessors = 132;
constexpr int l2_bytes = 50 << 20;

struct Stream {
  bool capturing = false;
  std::vector<Work> captured;
};
struct Graph {
  std::vector<Work> work;
};
struct Event {
  bool queued = false, done = false;
  double time = 0.0;
};

/// The kernels of one compiled file.
struct Registered {
  const void* fat_binary = nullptr;
  std::optional<Module> module;
};
struct Kernel {
  Registered* file = nullptr;
  std::string name;
  std::size_t dynamic_shared_allowed = shared_without_asking;
};
struct Configuration {
  dim3 grid, block;
  std::size_t shared = 0;
  cudaStream_t stream = nullptr;
};

std::map<const void*, Kernel>& kernels() {
  static std::map<const void*, Kernel> all;
  return all;
}

std::map<void*, std::size_t>& mapped() {
  static std::map<void*, std::size_t> all;
  return all;
}

struct State {
  cudaError_t last = cudaSuccess;
  cudaError_t fault = cudaSuccess;  ///< once a kernel has failed, nothing works any more
  std::size_t used = 0;
  int capturing = 0;
  std::vector<Configuration> configurations;
};

State& state() {
  static State only;
  return only;
}

cudaError_t told(cudaError_t status) {
  if (status != cudaSuccess) state().last = status;
  return status;
}

Stream* stream_of(cudaStream_t stream) {
  return reinterpret_cast<Stream*>(stream);
}
Event* event_of(cudaEvent_t event) {
  return reinterpret_cast<Event*>(event);
}

cudaError_t finish() {
  if (state().fault != cudaSuccess) return told(state().fault);
  if (state().capturing > 0) return told(cudaErrorStreamCaptureUnsupported);
  try {
    Device::instance().finish();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "software GPU: %s\n", problem.what());
    state().fault = cudaErrorIllegalAddress;
  }
  return told(state().fault);
}

}  // namespace

cudaError_t queue(cudaStream_t handle, Work work) {
  if (state().fault != cudaSuccess) return told(state().fault);
  Stream* stream = stream_of(handle);
  if (stream != nullptr && stream->capturing) {
    stream->captured.push_back(std::move(work));
    return cudaSuccess;
  }
  // Work for the default stream would have to wait for the one that is being captured.
  if (stream == nullptr && state().capturing > 0) return told(cudaErrorStreamCaptureImplicit);
  Device::instance().queue(std::move(work));
  return cudaSuccess;
}

namespace {

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
                              if (device.computes() || waits) execute(*made, device.memory);
                            },
                        .seconds = device.seconds_of(*made),
                        .waits_for_host = waits});
}

cudaError_t allocate(void** pointer, std::size_t bytes) {
  if (state().fault != cudaSuccess) return told(state().fault);
  if (state().capturing > 0) return told(cudaErrorStreamCaptureUnsupported);
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (bytes > device_bytes - state().used) return told(cudaErrorMemoryAllocation);
  const std::size_t whole = (bytes + page - 1) / page * page + 2 * page;
  void* place =
      mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return told(cudaErrorMemoryAllocation);
  *pointer = static_cast<std::byte*>(place) + page;
  mapped()[*pointer] = whole;
  state().used += bytes;
  Device::instance().memory.add(reinterpret_cast<std::uintptr_t>(*pointer), bytes);
  return cudaSuccess;
}

cudaError_t release(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  if (state().capturing > 0) return told(cudaErrorStreamCaptureUnsupported);
  const cudaError_t status = finish();
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const std::size_t bytes = Device::instance().memory.bytes_behind(address);
  if (!Device::instance().memory.remove(address)) return told(cudaErrorInvalidValue);
  state().used -= bytes;
  munmap(static_cast<std::byte*>(pointer) - page, mapped()[pointer]);
  mapped().erase(pointer);
  return status;
}

}  // namespace

bool on_device(const void* pointer, std::size_t bytes) {
  return Device::instance().memory.holds(reinterpret_cast<std::uintptr_t>(pointer), bytes);
}

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
  state().configurations.push_back({grid, block, shared, stream});
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  const Configuration last = state().configurations.back();
  state().configurations.pop_back();
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
  return *count = 1, cudaSuccess;
}
cudaError_t cudaSetDevice(int index) {
  return told(index == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaGetDevice(int* index) {
  return *index = 0, cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  return *version = CUDART_VERSION, cudaSuccess;
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
  // No profile knows it, so what is measured on it calibrates nothing.
  std::snprintf(properties->name, sizeof properties->name, "software GPU");
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

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  return allocate(pointer, bytes);
}
cudaError_t cudaFree(void* pointer) {
  return release(pointer);
}
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  return allocate(pointer, bytes);
}
cudaError_t cudaFreeHost(void* pointer) {
  return release(pointer);
}
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  if (!on_device(host, 1)) return told(cudaErrorInvalidValue);
  *device = host;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = device_bytes;
  *free = device_bytes - state().used;
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind) {
  if (const cudaError_t status = finish(); status != cudaSuccess) return status;
  if (bytes == 0) return cudaSuccess;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if ((to_device && !on_device(target, bytes)) || (from_device && !on_device(source, bytes)))
    return told(cudaErrorInvalidValue);
  std::memcpy(target, source, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* target, int value, std::size_t bytes, cudaStream_t stream) {
  if (!on_device(target, bytes)) return told(cudaErrorInvalidValue);
  const bool computes = Device::instance().computes();
  return queue(stream, {.run =
                            [=](double) {
                              if (computes) std::memset(target, value, bytes);
                            },
                        .seconds = 2e-6 + static_cast<double>(bytes) / 2e12});
}
cudaError_t cudaMemset(void* target, int value, std::size_t bytes) {
  return cudaMemsetAsync(target, value, bytes, nullptr);
}

cudaError_t cudaDeviceSynchronize() {
  return finish();
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return finish();
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  *stream = reinterpret_cast<cudaStream_t>(new Stream);
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream_of(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr) return told(cudaErrorStreamCaptureUnsupported);
  if (stream_of(stream)->capturing) return told(cudaErrorIllegalState);
  stream_of(stream)->capturing = true;
  ++state().capturing;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (!stream_of(stream)->capturing) return told(cudaErrorIllegalState);
  stream_of(stream)->capturing = false;
  --state().capturing;
  *graph = reinterpret_cast<cudaGraph_t>(new Graph{std::move(stream_of(stream)->captured)});
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
  *made = reinterpret_cast<cudaGraphExec_t>(new Graph(*reinterpret_cast<Graph*>(graph)));
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete reinterpret_cast<Graph*>(graph);
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete reinterpret_cast<Graph*>(graph);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  for (const Work& work : reinterpret_cast<Graph*>(graph)->work) {
    if (const cudaError_t status = queue(stream, work); status != cudaSuccess) return status;
  }
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = reinterpret_cast<cudaEvent_t>(new Event);
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const cudaError_t status = finish();
  delete event_of(event);
  return status;
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t handle, cudaStream_t stream, unsigned flags) {
  const bool captured = stream != nullptr && stream_of(stream)->capturing;
  Event* event = event_of(handle);
  if ((flags & cudaEventRecordExternal) != 0 && !captured) return told(cudaErrorInvalidValue);
  // In a graph an event without the flag only orders; it is never recorded.
  if (captured && (flags & cudaEventRecordExternal) == 0) return cudaSuccess;
  if (!captured) event->done = false;
  event->queued = true;
  return queue(stream, {.run = [event](double start) {
                 event->done = true;
                 event->time = std::round(start * 2e6) / 2e6;
               }});
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, 0);
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return finish();
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (!event_of(start)->queued || !event_of(end)->queued) return told(cudaErrorInvalidResourceHandle);
  if (!event_of(start)->done || !event_of(end)->done) return told(cudaErrorNotReady);
  *milliseconds = static_cast<float>(1e3 * (event_of(end)->time - event_of(start)->time));
  return cudaSuccess;
}

}  // extern "C"
