// Memory of the software GPU's CUDA runtime: pages of this process, of which nothing is used until it is
// written.
#include "runtime.h"

#include <cstring>
#include <map>

#include <sys/mman.h>

namespace software_gpu {

namespace {

constexpr std::size_t page = 4096;

std::map<void*, std::size_t>& mapped() {
  static std::map<void*, std::size_t> all;
  return all;
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

}  // extern "C"
