// The layout of a run that does not say its own: what a framework would have been told to use.
#pragma once

#include "core/layout.h"
#include "core/machine.h"
#include "core/workload.h"

#include <optional>

namespace trainbudget {

/// What is known of a run in an unknown layout.
struct LayoutClues {
  double accelerators = 1.0;
  double global_batch = 1.0;  ///< sequences
  int micro_batch = 0;        ///< sequences; 0: not known
  Sharding sharding = Sharding::none;
  bool offload_optimizer = false;
  bool sequence_parallel = false;  ///< where there is tensor parallelism
};

/// The fastest usual layout at typical efficiencies that fits, as whoever publishes a figure will have looked
/// for it: sharded as the clues have it, not interleaved, and recomputed where it would not fit otherwise;
/// nothing where none fits. `machine` has a network.
std::optional<Layout> usual_layout(const Workload& workload, const Machine& machine,
                                   const LayoutClues& clues);

}  // namespace trainbudget
