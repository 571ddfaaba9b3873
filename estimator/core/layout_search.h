// The best layouts of a run on a number of accelerators.
#pragma once

#include "core/efficiency.h"
#include "core/layout.h"
#include "core/layout_space.h"
#include "core/machine.h"
#include "core/workload.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace trainbudget {

struct LayoutCandidate {
  Layout layout;
  double step_seconds = 0.0;
  double memory_bytes = 0.0;  ///< of the fullest accelerator
};

struct LayoutSearch {
  std::vector<LayoutCandidate> best;  ///< that fit, fastest first; ties by memory, then by the layout
  LayoutCandidate
      nearest;  ///< where none fits, the one that takes least memory; step_seconds 0: there is none
  std::int64_t layouts = 0;    ///< in the space
  std::int64_t evaluated = 0;  ///< of them; with bounds it depends on how the threads fall
};

/// `bounds` passes over what a lower bound shows to be slower than the best already found; `none` evaluates
/// everything. Both find the same.
enum class Pruning : bool { none, bounds };

struct SearchOptions {
  std::size_t kept = 1;
  int threads = 1;
  Pruning pruning = Pruning::bounds;
  /// Slower layouts are of no interest and need not be found: whoever knows of something better asks less.
  double slowest_seconds = std::numeric_limits<double>::infinity();
};

/// Searches all of LayoutSpace. The result does not depend on the threads.
LayoutSearch search_layouts(const Workload& workload, const Machine& machine, const SearchSpace& space,
                            const Efficiency& efficiency, const SearchOptions& options);

}  // namespace trainbudget
