// Times work on the GPU between two events, with everything queued before the first of them passes.
#pragma once

#include "harness/measure.h"

#include <functional>
#include <memory>

namespace trainbudget::microbench {

/// `launch(i)` queues the work of set i on the default stream. All sets are run once here: the first launch
/// of a kernel loads it, which must not happen while the stream is held. Throws DeviceError.
std::unique_ptr<Timer> make_cuda_timer(std::function<void(std::size_t)> launch, std::size_t sets,
                                       TimingMode mode);

}  // namespace trainbudget::microbench
