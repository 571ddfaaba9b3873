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
  double memory_bytes = 0.0;   ///< of the fullest accelerator
  double global_batch = 0.0;   ///< sequences of the step
  double batch_seconds = 0.0;  ///< of the batch that was asked for, in as many such steps as it takes
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

/// One search that several processes share: each searches with a share of its own, and all find the same
/// families in the same order.
class SearchShare {
 public:
  SearchShare() = default;
  SearchShare(const SearchShare&) = delete;
  SearchShare& operator=(const SearchShare&) = delete;
  virtual ~SearchShare() = default;

  /// Index of the next family that no process has taken.
  virtual std::uint64_t next() = 0;
  /// The least of the numbers that any process has passed; those that come late only cost time.
  virtual double least(double seconds) = 0;
};

struct SearchOptions {
  std::size_t kept = 1;
  int threads = 1;  ///< 1 with a `share`
  Pruning pruning = Pruning::bounds;
  SearchShare* share = nullptr;
  /// Slower layouts are of no interest and need not be found: whoever knows of something better asks less.
  double slowest_seconds = std::numeric_limits<double>::infinity();
};

/// Searches all of LayoutSpace. The result does not depend on the threads.
LayoutSearch search_layouts(const Workload& workload, const Machine& machine, const SearchSpace& space,
                            const Efficiency& efficiency, const SearchOptions& options);

/// What the processes that share a search have found together.
LayoutSearch together(const std::vector<LayoutSearch>& parts, std::size_t kept);

}  // namespace trainbudget
