// Bytes per accelerator, by pipeline stage and by what they are for.
#pragma once

#include "core/efficiency.h"
#include "core/layout.h"
#include "core/stage_bytes.h"
#include "core/workload.h"

#include <vector>

namespace trainbudget {

/// Bytes on one accelerator of one pipeline stage; they sum to total().
struct StageMemory {
  double weights = 0.0;
  double gradients = 0.0;
  double optimizer = 0.0;    ///< states and master weights
  double activations = 0.0;  ///< kept from forward to backward by the layers, of all micro-batches in flight
  double logits = 0.0;       ///< kept by the head and the loss
  double working = 0.0;  ///< of the layer in work: recomputed activations, gathered weights, their gradients
  double fixed = 0.0;    ///< contexts, communication buffers, workspaces
  double reserve = 0.0;  ///< held by the allocator beyond what is in use

  constexpr double in_use() const {
    return weights + gradients + optimizer + activations + logits + working + fixed;
  }
  constexpr double total() const { return in_use() + reserve; }
};

struct MemoryUse {
  StageMemory peak;
  int peak_stage = 0;
};

/// The fullest stage of those added. Source of the activation counts: the operations of the model
/// (Korthikanti et al., arXiv 2205.05198, for the classic block); of the pipeline's warm-up: core/pipeline.h.
class MemoryPeak {
 public:
  /// `micro_batches` as in TrainingRun.
  MemoryPeak(const Layout& layout, double micro_batches, const Efficiency& efficiency);
  void add(const StageBytes& stage);
  const MemoryUse& use() const { return use_; }

  /// What stage `index`, one of those of `stage`, holds at its peak.
  StageMemory of(const StageBytes& stage, int index) const;

 private:
  const Layout& layout_;
  double micro_batches_;
  double fixed_;
  double reserve_;
  ShardSizes shards_;
  MemoryUse use_;
};

std::vector<StageMemory> memory_by_stage(const Workload& workload, const Layout& layout, double global_batch,
                                         const Efficiency& efficiency);

MemoryUse memory_use(const Workload& workload, const Layout& layout, double global_batch,
                     const Efficiency& efficiency);

}  // namespace trainbudget
