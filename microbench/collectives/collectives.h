// Collectives over message sizes: checked, then timed until all ranks agree that it is enough.
#pragma once

#include "collectives/ranks.h"
#include "collectives/transport.h"
#include "core/measurement.h"
#include "harness/measure.h"

#include <functional>
#include <string>
#include <vector>

namespace trainbudget::microbench {

struct CollectivePlan {
  double least_bytes = 4096.0, most_bytes = 1024.0 * 1024.0 * 1024.0;
  double growth = 4.0;  ///< of one message to the next
  std::vector<Collective> collectives;
  WarmUp warm_up;
  StoppingLimits stopping;
  double sample_seconds = 2e-3;  ///< a sample repeats its collective until it lasts about as long
  double reading_seconds = 0.05;
};

/// Elements of the messages of `plan` over `ranks` ranks, growing; each a multiple of `ranks`.
std::vector<std::size_t> message_elements(const CollectivePlan& plan, int ranks);

/// What is wrong with the result of `collective` on this rank; an empty sentence where nothing is. The output
/// is poisoned first. All ranks call it together.
std::string check_collective(const Ranks& ranks, Transport& transport, Collective collective,
                             std::size_t elements);

/// Appends the timings of `plan` to `measurement`, and what is wrong or could not be measured to its
/// failures. A sample is the time of the slowest rank; all ranks take the same samples and stop together,
/// also when one of them is interrupted. `done` is called before each message. True unless interrupted.
bool measure_collectives(Ranks& ranks, Transport& transport, const CollectivePlan& plan,
                         const std::atomic<bool>& interrupted, trainbudget::Measurement& measurement,
                         const std::function<void(std::size_t)>& done);

}  // namespace trainbudget::microbench
