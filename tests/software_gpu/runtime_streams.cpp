// Streams, graphs and events of the software GPU's CUDA runtime.
#include "runtime.h"

#include <cmath>
#include <cstdio>
#include <utility>

namespace software_gpu {

namespace {

struct Graph {
  std::vector<Work> work;
};
struct Event {
  bool queued = false, done = false;
  double time = 0.0;
};

Event* event_of(cudaEvent_t event) {
  return reinterpret_cast<Event*>(event);
}

}  // namespace

State& state() {
  static State only;
  return only;
}

cudaError_t told(cudaError_t status) {
  if (status != cudaSuccess) state().last = status;
  return status;
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

}  // namespace software_gpu

using namespace software_gpu;

extern "C" {

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
