#include "device/cuda_timer.h"

#include "device/device_kernels.h"
#include "device/event.h"
#include "harness/environment.h"

#include <algorithm>
#include <memory>

namespace trainbudget::microbench {

namespace {

// A repeated sample lasts about this long: far above the resolution of events, half a microsecond.
constexpr double sample_seconds = 2e-3;
// More than this may not fit in the queue of a stream that is held.
constexpr std::size_t most_launches = 32;
// Half of the time after which the kernel that holds the stream gives up.
constexpr double most_held_seconds = 5.0;

/// A flag that the GPU watches.
class HostFlag {
 public:
  HostFlag() {
    void* pointer = nullptr;
    check(cudaHostAlloc(&pointer, sizeof(int), cudaHostAllocMapped), "allocating a flag");
    flag_ = static_cast<int*>(pointer);
  }
  ~HostFlag() { cudaFreeHost(flag_); }
  HostFlag(const HostFlag&) = delete;
  HostFlag& operator=(const HostFlag&) = delete;

  void set(int value) { *const_cast<volatile int*>(flag_) = value; }
  const int* on_device() const {
    void* pointer = nullptr;
    check(cudaHostGetDevicePointer(&pointer, flag_, 0), "mapping a flag");
    return static_cast<const int*>(pointer);
  }

 private:
  int* flag_ = nullptr;
};

/// Lets a held stream go, also when queueing fails.
class Release {
 public:
  explicit Release(HostFlag& flag) : flag_(flag) {}
  ~Release() { flag_.set(1); }
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;

 private:
  HostFlag& flag_;
};

/// Memory of which reading all leaves nothing else in the L2 cache.
class CacheFlush {
 public:
  CacheFlush() {
    int device = 0, l2_bytes = 0;
    check(cudaGetDevice(&device), "asking for the GPU");
    check(cudaDeviceGetAttribute(&l2_bytes, cudaDevAttrL2CacheSize, device),
          "reading the size of the L2 cache");
    bytes_ = 2 * static_cast<std::size_t>(l2_bytes);
    check(cudaMalloc(&data_, bytes_), "allocating a buffer to flush the cache");
    check(cudaMemset(data_, 1, bytes_), "filling a buffer to flush the cache");
  }
  ~CacheFlush() { cudaFree(data_); }
  CacheFlush(const CacheFlush&) = delete;
  CacheFlush& operator=(const CacheFlush&) = delete;

  /// Read, not written: lines that were written would go to memory while the launch is timed.
  void queue() const { queue_reading(data_, bytes_); }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

class CudaTimer final : public Timer {
 public:
  CudaTimer(std::function<void(std::size_t)> launch, std::size_t sets, TimingMode mode)
      : launch_(std::move(launch)), sets_(sets) {
    if (mode == TimingMode::cold) flush_ = std::make_unique<CacheFlush>();
    for (std::size_t i = 0; i < sets_; ++i)
      launch_(i);
    check(cudaDeviceSynchronize(), "running on the GPU");
    if (mode == TimingMode::repeated) {
      const double once = timed(1);
      launches_ = std::clamp<std::size_t>(static_cast<std::size_t>(sample_seconds / std::max(once, 1e-7)), 1,
                                          most_launches);
    }
  }

  double sample() override { return timed(launches_) / static_cast<double>(launches_); }
  double now() override { return monotonic_seconds(); }

 private:
  double timed(std::size_t launches) {
    if (flush_) flush_->queue();
    flag_.set(0);
    const double held_from = monotonic_seconds();
    queue_blocking_kernel(flag_.on_device());
    {
      const Release release(flag_);
      start_.record();
      for (std::size_t i = 0; i < launches; ++i)
        launch_(next_set_++ % sets_);
      stop_.record();
    }
    // The stream does not wait for ever; what was queued after it had gone on has launch gaps inside.
    if (monotonic_seconds() - held_from > most_held_seconds) {
      check(cudaDeviceSynchronize(), "running on the GPU");
      throw DeviceError(
          "queueing took longer than a stream is held: launches that wait for the GPU are not timed");
    }
    stop_.wait();
    return stop_.seconds_since(start_);
  }

  std::function<void(std::size_t)> launch_;
  std::size_t sets_;
  std::size_t launches_ = 1;
  std::size_t next_set_ = 0;
  std::unique_ptr<CacheFlush> flush_;
  Event start_, stop_;
  HostFlag flag_;
};

}  // namespace

std::unique_ptr<Timer> make_cuda_timer(std::function<void(std::size_t)> launch, std::size_t sets,
                                       TimingMode mode) {
  return std::make_unique<CudaTimer>(std::move(launch), sets, mode);
}

}  // namespace trainbudget::microbench
