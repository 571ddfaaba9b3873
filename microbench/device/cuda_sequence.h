// A sequence of launches on a stream of its own, or captured into a CUDA graph, with events between its
// spans.
#pragma once

#include "harness/device.h"

namespace trainbudget::microbench {

/// All launches are run once here, so that nothing is loaded later. Throws DeviceError.
std::unique_ptr<Sequence> make_cuda_sequence(std::vector<Span> spans, LaunchMode mode);

}  // namespace trainbudget::microbench
