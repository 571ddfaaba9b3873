// The wall time of a run by simulation: what luck with failures and everything unknown make of it together.
#pragma once

#include "core/reliability.h"
#include "core/uncertainty.h"

#include <cstdint>

namespace trainbudget {

struct Simulation {
  int runs = 0;
  std::uint64_t seed = 1;
};

/// P10, P50 and P90 of the wall time of `simulation.runs` runs, in seconds. Each draws every input from its
/// range (log-normal with its own width on either side of the median) and is then interrupted at random; all
/// keep the interval between checkpoints that is best at the medians, where none is given. `working_seconds`
/// is what the run takes where nothing interrupts it. The same seed gives the same bits. Draws with more than
/// 100,000 interruptions take their expected time.
Range simulated_wall_time(const Reliability& reliability, double gpus, Range working_seconds,
                          const Simulation& simulation);

}  // namespace trainbudget
