// The software GPU's CUDA runtime: what it refuses, as the real one does.
#include "catch.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include <cuda_runtime_api.h>

extern "C" {
void** __cudaRegisterFatBinary(void* fat_binary);
void __cudaRegisterFunction(void** handle, const char* host_function, char* device_function, const char* name,
                            int threads, uint3*, uint3*, dim3*, dim3*, int*);
}

namespace {

/// Kernels as nvcc leaves them in a program: the container of fat_binary.cpp around their PTX.
class Program {
 public:
  explicit Program(const std::string& ptx) {
    const auto append = [&](auto value) {
      const std::size_t at = bytes_.size();
      bytes_.resize(at + sizeof value);
      std::memcpy(bytes_.data() + at, &value, sizeof value);
    };
    append(std::uint32_t{0xba55ed50});  // magic, version, bytes of this header, bytes after it
    append(std::uint16_t{1});
    append(std::uint16_t{16});
    append(std::uint64_t{16 + ptx.size()});
    append(std::uint16_t{1});  // PTX, version, bytes of this header, bytes after it
    append(std::uint16_t{1});
    append(std::uint32_t{16});
    append(std::uint64_t{ptx.size()});
    bytes_ += ptx;
    wrapper_ = {0x466243b1, 1, bytes_.data(), nullptr};
    handle_ = __cudaRegisterFatBinary(&wrapper_);
  }
  /// `place` stands for the kernel from then on.
  void add(const char* place, const char* name) {
    __cudaRegisterFunction(handle_, place, nullptr, name, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
  }

 private:
  struct Wrapper {
    std::uint32_t magic, version;
    const char* data;
    const void* file;
  };
  std::string bytes_;
  Wrapper wrapper_{};
  void** handle_ = nullptr;
};

const char idle = 0, wild = 0;

void add_kernels() {
  static Program program(
      ".version 9.0 .target sm_90 .address_size 64\n"
      ".visible .entry idle() .maxntid 64, 1, 1 { ret; }\n"
      ".visible .entry wild() { .reg .b32 %r<2>; mov.u32 %r1, 0; st.global.u32 [64], %r1; ret; }\n");
  program.add(&idle, "idle");
  program.add(&wild, "wild");
}

cudaError_t launch(const char& kernel, unsigned blocks, unsigned threads, std::size_t shared = 0) {
  return cudaLaunchKernel(&kernel, dim3(blocks), dim3(threads), nullptr, shared, nullptr);
}

}  // namespace

TEST_CASE("launches over a limit are refused") {
  add_kernels();
  CHECK(launch(idle, 1, 64) == cudaSuccess);
  CHECK(launch(idle, 1, 65) == cudaErrorLaunchOutOfResources);
  CHECK(launch(idle, 1, 1025) == cudaErrorInvalidConfiguration);
  CHECK(launch(idle, 0, 64) == cudaErrorInvalidConfiguration);
  CHECK(launch(idle, 1, 64, 48 * 1024) == cudaSuccess);
  CHECK(launch(idle, 1, 64, 48 * 1024 + 1) == cudaErrorInvalidValue);
  CHECK(cudaFuncSetAttribute(&idle, cudaFuncAttributeMaxDynamicSharedMemorySize, 100 * 1024) == cudaSuccess);
  CHECK(launch(idle, 1, 64, 48 * 1024 + 1) == cudaSuccess);
  // The last refusal is told once.
  CHECK(cudaGetLastError() == cudaErrorInvalidValue);
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
}

TEST_CASE("while a graph is recorded, nothing waits and nothing is allocated") {
  cudaStream_t stream = nullptr;
  cudaEvent_t first = nullptr, second = nullptr;
  void* memory = nullptr;
  REQUIRE(cudaMalloc(&memory, 256) == cudaSuccess);
  REQUIRE(cudaStreamCreate(&stream) == cudaSuccess);
  REQUIRE(cudaEventCreate(&first) == cudaSuccess);
  REQUIRE(cudaEventCreate(&second) == cudaSuccess);
  CHECK(cudaEventRecordWithFlags(first, stream, cudaEventRecordExternal) == cudaErrorInvalidValue);

  REQUIRE(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  void* more = nullptr;
  CHECK(cudaMalloc(&more, 256) == cudaErrorStreamCaptureUnsupported);
  CHECK(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported);
  CHECK(cudaMemset(memory, 0, 256) == cudaErrorStreamCaptureImplicit);
  CHECK(cudaEventRecord(first, stream) == cudaSuccess);
  CHECK(cudaEventRecordWithFlags(second, stream, cudaEventRecordExternal) == cudaSuccess);
  CHECK(cudaMemsetAsync(memory, 7, 256, stream) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  REQUIRE(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
  cudaGraphExec_t ready = nullptr;
  REQUIRE(cudaGraphInstantiate(&ready, graph, 0) == cudaSuccess);

  std::array<unsigned char, 256> seen{};
  REQUIRE(cudaMemcpy(seen.data(), memory, seen.size(), cudaMemcpyDeviceToHost) == cudaSuccess);
  CHECK(seen[255] == 0);  // recorded, not done
  REQUIRE(cudaGraphLaunch(ready, stream) == cudaSuccess);
  REQUIRE(cudaMemcpy(seen.data(), memory, seen.size(), cudaMemcpyDeviceToHost) == cudaSuccess);
  CHECK(seen[255] == 7);
  // An event without the flag only orders what is in a graph.
  float milliseconds = 0.0F;
  CHECK(cudaEventElapsedTime(&milliseconds, first, second) == cudaErrorInvalidResourceHandle);
  CHECK(cudaEventElapsedTime(&milliseconds, second, second) == cudaSuccess);
}

TEST_CASE("memory that is not the device's is refused, and a kernel that fails is told from then on") {
  add_kernels();
  int host = 0;
  void* memory = nullptr;
  REQUIRE(cudaMalloc(&memory, 4) == cudaSuccess);
  CHECK(cudaMemcpy(memory, &host, 8, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(cudaFree(&host) == cudaErrorInvalidValue);
  CHECK(launch(wild, 1, 1) == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
  CHECK(cudaMalloc(&memory, 4) == cudaErrorIllegalAddress);
  CHECK(launch(idle, 1, 1) == cudaErrorIllegalAddress);
}
