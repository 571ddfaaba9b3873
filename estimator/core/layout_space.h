// Every layout that a search tries: sizes that divide, uneven layers included.
#pragma once

#include "core/layout.h"
#include "core/machine.h"
#include "core/workload.h"

#include <cstdint>
#include <vector>

namespace trainbudget {

/// What a search is asked.
struct SearchSpace {
  double accelerators = 1.0;
  double global_batch = 1.0;  ///< sequences
  double memory_share = 1.0;  ///< of an accelerator's memory, that the median of a layout's need may take
  bool zero_bubble = false;   ///< also try Schedule::zero_bubble; few frameworks have it
  bool modules = false;       ///< also try recomputing light_pieces; few frameworks can
  /// Replicas that do not share `global_batch` evenly train the largest batch below it that they do.
  bool smaller_batches = false;
};

/// Layouts that have everything in common but chunks, recomputation, sharding, offload and schedule.
struct LayoutFamily {
  Layout layout;
  double micro_batches = 1.0;  ///< of one pipeline in a step
  double global_batch = 1.0;   ///< sequences of a step
  int most_chunks = 1;
  int stage_layers = 1;  ///< of the longest stage: recomputation goes by one of them
};

/// How gradients, weights and states are shared out.
struct StateSharing {
  Sharding sharding = Sharding::none;
  int shard_group = 0;
  bool offload_optimizer = false;
};

/// The space is the product, for each family, of chunks, recomputations, sharings and schedules.
class LayoutSpace {
 public:
  LayoutSpace(const Workload& workload, const Machine& machine, const SearchSpace& space);

  const std::vector<LayoutFamily>& families() const { return families_; }

  /// What is recomputed: nothing, the core where attention is not fused with the light pieces where they are
  /// asked for, and 1, 2, … all of a stage's layers.
  /// The layouts are `family.layout` but for that.
  std::vector<Layout> recomputations(const LayoutFamily& family) const;
  /// Every level of ZeRO over all replicas and over groups that divide them, with and without offload.
  std::vector<StateSharing> sharings(const Layout& layout) const;
  std::vector<Schedule> schedules(int chunks, int pipeline) const;

  /// Layouts in all families together.
  std::int64_t size() const;

 private:
  void add_families(Layout layout, int experts);

  const Workload& workload_;
  SearchSpace space_;
  Pieces pieces_;  ///< that selective recomputation lets go of
  std::vector<LayoutFamily> families_;
};

}  // namespace trainbudget
