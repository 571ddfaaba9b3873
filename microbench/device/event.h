// An event on a stream.
#pragma once

#include "device/check.h"

namespace trainbudget::microbench {

class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "creating an event"); }
  ~Event() {
    if (event_ != nullptr) cudaEventDestroy(event_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  Event(Event&& other) noexcept : event_(other.event_) { other.event_ = nullptr; }
  Event& operator=(Event&&) = delete;

  void record(cudaStream_t stream = nullptr) { check(cudaEventRecord(event_, stream), "recording an event"); }
  /// In a stream that is being captured: the graph records it each time that it runs.
  void capture(cudaStream_t stream) {
    check(cudaEventRecordWithFlags(event_, stream, cudaEventRecordExternal), "capturing an event");
  }
  void wait() { check(cudaEventSynchronize(event_), "running on the GPU"); }
  double seconds_since(const Event& start) const {
    float milliseconds = 0.0F;
    check(cudaEventElapsedTime(&milliseconds, start.event_, event_), "reading events");
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace trainbudget::microbench
