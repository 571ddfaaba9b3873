// What data-parallel ranks do once a step: exchange gradients and weights, and update the weights.
#pragma once

#include "core/collectives.h"
#include "core/efficiency.h"
#include "core/layout.h"
#include "core/machine.h"
#include "core/stage_bytes.h"
#include "core/workload.h"

namespace trainbudget {

/// Seconds of the stage that takes longest for each. Depends on everything in a layout but its recomputation
/// and schedule; on the micro-batch only through communication that the work on one hides.
class DataExchange {
 public:
  DataExchange(const Workload& workload, const Machine& machine, const Layout& layout,
               const Efficiency& efficiency);
  void add(const StageBytes& stage);

  /// Seconds to update the weights.
  double optimizer() const { return optimizer_; }
  /// What is left of the exchange in a step of `micro_batches` that take `micro_batch_seconds` each, when as
  /// much as can be hides behind work: sharded weights behind all of the work on one micro-batch, gradients
  /// behind the backward pass, two thirds of it. Where gradients are exchanged once a step, an interleaved
  /// pipeline has all chunks but one done `stages` micro-batches before the next, which hide their part.
  double seen(double micro_batches, double micro_batch_seconds) const;

 private:
  /// Ranks that hold the same weights: `shard` of them share these out, and there are `copies` of such
  /// groups.
  struct Group {
    double shard = 1.0;
    double copies = 1.0;
    RingCost inner;
    RingCost outer;
  };
  Group group(double size, double stride, const Machine& machine, const Layout& layout) const;
  double exchange(double trained, double held, const Group& group) const;

  Sharding sharding_;
  FabricEfficiency fabric_;
  ShardSizes shards_;
  Group dense_;
  Group experts_;
  double gradient_bytes_;
  double exposed_;
  double update_seconds_per_byte_;
  double link_seconds_per_byte_ = 0.0;  ///< of gradients and weights between accelerator and host
  double once_ = 0.0;
  double optimizer_ = 0.0;
  double cover_ = 1.0;  ///< backward passes over a stage that one exchange a step hides behind
};

}  // namespace trainbudget
