#include "device/cuda_sequence.h"

#include "device/event.h"

namespace trainbudget::microbench {

namespace {

class Stream {
 public:
  Stream() { check(cudaStreamCreate(&stream_), "creating a stream"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t get() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class CudaSequence final : public Sequence {
 public:
  CudaSequence(std::vector<Span> spans, LaunchMode mode)
      : spans_(std::move(spans)), events_(spans_.size() + 1), seconds_(spans_.size()) {
    queue(&Event::record);
    check(cudaStreamSynchronize(stream_.get()), "running on the GPU");
    if (mode == LaunchMode::eager) return;
    check(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), "starting a graph");
    cudaGraph_t graph = nullptr;
    try {
      queue(&Event::capture);
    } catch (...) {
      cudaStreamEndCapture(stream_.get(), &graph);
      if (graph != nullptr) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream_.get(), &graph), "ending a graph");
    const cudaError_t status = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "building a graph");
  }
  ~CudaSequence() override {
    if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
  }
  CudaSequence(const CudaSequence&) = delete;
  CudaSequence& operator=(const CudaSequence&) = delete;

  double sample() override {
    if (graph_ == nullptr) {
      queue(&Event::record);
    } else {
      check(cudaGraphLaunch(graph_, stream_.get()), "running a graph");
    }
    check(cudaStreamSynchronize(stream_.get()), "running on the GPU");
    for (std::size_t i = 0; i < spans_.size(); ++i)
      seconds_[i] = events_[i + 1].seconds_since(events_[i]);
    return events_.back().seconds_since(events_.front());
  }
  const std::vector<double>& span_seconds() const override { return seconds_; }

 private:
  void queue(void (Event::*mark)(cudaStream_t)) {
    (events_.front().*mark)(stream_.get());
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      for (const Queue& launch : spans_[i].launches)
        launch({.handle = stream_.get()});
      (events_[i + 1].*mark)(stream_.get());
    }
  }

  std::vector<Span> spans_;
  Stream stream_;
  std::vector<Event> events_;
  std::vector<double> seconds_;
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace

std::unique_ptr<Sequence> make_cuda_sequence(std::vector<Span> spans, LaunchMode mode) {
  return std::make_unique<CudaSequence>(std::move(spans), mode);
}

}  // namespace trainbudget::microbench
