// What the blocks of a model weigh on one rank and on one pipeline stage, before it is chosen how much is
// recomputed and what is sharded. A search makes these sums once for many layouts.
#pragma once

#include "core/efficiency.h"
#include "core/layout.h"
#include "core/pipeline.h"
#include "core/workload.h"

#include <array>

namespace trainbudget {

/// A figure of the weights on one rank: of the dense ones, and of its share of the experts, which have
/// replicas of their own.
struct RankShare {
  double dense = 0.0;
  double experts = 0.0;

  constexpr double total() const { return dense + experts; }
  /// Of one rank, when data-parallel ranks share it out.
  constexpr double sharded(double dense_shard, double expert_shard) const {
    return dense / dense_shard + experts / expert_shard;
  }
  constexpr void add(const RankShare& other, double count) {
    dense += other.dense * count;
    experts += other.experts * count;
  }
};

/// A block (a layer, the embedding, the head), or the sum of several.
struct BlockBytes {
  RankShare trained;                        ///< parameters
  RankShare weights, gradients, optimizer;  ///< bytes
  // Activations of one micro-batch, bytes.
  double saved = 0.0;     ///< kept from forward to backward
  double released = 0.0;  ///< of them, let go of by the pieces that a layout recomputes
  double boundary = 0.0;  ///< of the block's input

  void add(const BlockBytes& other, double count);
};

/// Depends on a layout's tensor, context and expert sizes, micro-batch, sequence parallelism and recomputed
/// pieces alone.
struct ModelBytes {
  std::array<BlockBytes, most_layer_kinds> kinds;
  BlockBytes embedding;
  BlockBytes head;
};
ModelBytes model_bytes(const Workload& workload, const Layout& layout, const Efficiency& efficiency);

/// One stage, or several in a row that hold the same. Depends on the pipeline's size and chunks besides.
struct StageBytes {
  StageRun run;
  BlockBytes layers;
  BlockBytes ends;         ///< weights of the embedding and the head
  double embedding = 0.0;  ///< activation bytes of the embedding
  double logits = 0.0;     ///< of the head and the loss
  /// Largest bytes of a layer in work, by Recompute and by whether its weights are gathered for it.
  std::array<std::array<double, 2>, recompute_words.size()> working = {};
};
StageBytes stage_bytes(const Workload& workload, const ModelBytes& model, const StageRun& run,
                       const LayerCounts& counts, int pipeline);

/// Over how many ranks a layout's sharding divides dense weights and experts.
struct ShardSizes {
  double dense = 1.0;
  double experts = 1.0;
};
ShardSizes shard_sizes(const Layout& layout);

}  // namespace trainbudget
