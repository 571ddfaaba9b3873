#include "core/memory.h"

#include "core/pipeline.h"

#include <algorithm>

namespace trainbudget {
namespace {

class StageMemoryModel {
 public:
  StageMemoryModel(const Workload& workload, const Layout& layout, double micro_batches,
                   const Efficiency& efficiency)
      : workload_(workload),
        layout_(layout),
        efficiency_(efficiency),
        micro_batches_(micro_batches),
        tensor_(layout.tensor),
        tokens_(layout.micro_batch * workload.sequence_length / layout.context),
        sequence_share_(layout.sequence_parallel ? 1.0 / layout.tensor : 1.0) {
    const double replicas = static_cast<double>(layout.data) * layout.context;
    const double expert_ranks = static_cast<double>(layout.expert) * layout.expert_tensor_size();
    expert_ranks_ = expert_ranks;
    shard_ = layout.shard_group > 0 ? std::min<double>(layout.shard_group, replicas) : replicas;
    expert_shard_ = std::min(shard_, std::max(1.0, replicas * tensor_ / expert_ranks));
  }

  StageMemory operator()(int stage) const { return (*this)(stage, StageLayers(workload_, layout_)(stage)); }

  StageMemory operator()(int stage, const LayerCounts& counts) const {
    StageMemory memory;
    double deepest_working = 0.0;
    double kept = 0.0;
    for (std::size_t kind = 0; kind < workload_.kinds.size(); ++kind) {
      const double count = counts[kind];
      if (count <= 0.0) continue;
      const BlockWork& block = workload_.kinds[kind];
      add_state(memory, block, count);
      kept += count * kept_bytes(block);
      deepest_working = std::max(deepest_working, working_bytes(block));
    }
    const bool first = stage == 0;
    const bool last = stage == layout_.pipeline - 1;
    if (first) {
      add_state(memory, workload_.embedding, 1.0);
      kept += activation(workload_.embedding.saved) * layout_.chunks;
    }
    if (last) {
      add_state(memory, workload_.head, 1.0);
      if (workload_.tied_head && !first) add_state(memory, workload_.embedding, 1.0);
      memory.logits = activation(workload_.head.saved);
      deepest_working = std::max(deepest_working, gathered_bytes(workload_.head));
    }
    // `kept` is of all the stage's layers; a chunk in flight holds its share.
    const double in_flight = chunks_in_flight(stage, layout_.pipeline, layout_.chunks, micro_batches_);
    memory.activations = kept * in_flight / layout_.chunks;
    memory.working = deepest_working;
    memory.fixed = efficiency_[Parameter::fixed_memory];
    memory.reserve = efficiency_[Parameter::memory_reserve] * (memory.in_use() - memory.fixed);
    return memory;
  }

 private:
  /// Bytes of weights (or of what goes with them) on one rank, divided over `dense` and `experts` shards.
  double on_rank(const Shares& s, double dense, double experts) const {
    return (s.replicated + s.sequence + s.tensor / tensor_) / dense + s.experts / expert_ranks_ / experts;
  }

  void add_state(StageMemory& memory, const BlockWork& block, double count) const {
    const auto sharded = [&](const Shares& s, Sharding from) {
      return layout_.sharding >= from ? on_rank(s, shard_, expert_shard_) : on_rank(s, 1.0, 1.0);
    };
    memory.weights += count * sharded(block.state.weights, Sharding::parameters);
    memory.gradients += count * sharded(block.state.gradients, Sharding::gradients);
    if (!layout_.offload_optimizer)
      memory.optimizer += count * sharded(block.state.optimizer, Sharding::optimizer);
  }

  /// Activation bytes of one micro-batch on one rank.
  double activation(const Shares& s) const {
    return tokens_ * efficiency_[Parameter::activation_factor] *
           (s.replicated + s.tensor / tensor_ + s.sequence * sequence_share_ + s.experts / tensor_);
  }

  double boundary_bytes(const BlockWork& block) const { return tokens_ * block.boundary * sequence_share_; }

  double kept_bytes(const BlockWork& block) const {
    if (!block.has_backward) return 0.0;
    const double all = activation(block.saved);
    double recomputed = all;
    if (layout_.recompute == Recompute::full) recomputed = boundary_bytes(block);
    if (layout_.recompute == Recompute::selective) recomputed = all - activation(block.saved_core);
    return layout_.recomputed_layers * recomputed + (1.0 - layout_.recomputed_layers) * all;
  }

  /// While one layer is in work: its activations where they are recomputed, and its weights and gradients
  /// where they are sharded.
  double working_bytes(const BlockWork& block) const {
    double bytes = gathered_bytes(block);
    if (layout_.recompute == Recompute::full && layout_.recomputed_layers > 0.0)
      bytes += std::max(0.0, activation(block.saved) - boundary_bytes(block));
    if (layout_.recompute == Recompute::selective && layout_.recomputed_layers > 0.0)
      bytes += activation(block.saved_core);
    return bytes;
  }

  /// FSDP holds the weights of the layer in work and of the next one, gathered ahead, and one whole gradient,
  /// 16 bit each.
  double gathered_bytes(const BlockWork& block) const {
    if (layout_.sharding != Sharding::parameters) return 0.0;
    constexpr double weight_bytes = 2.0;
    return (2.0 * weight_bytes + weight_bytes) * on_rank(block.trained, 1.0, 1.0);
  }

  const Workload& workload_;
  const Layout& layout_;
  const Efficiency& efficiency_;
  double micro_batches_;
  double tensor_;
  double tokens_;
  double sequence_share_;
  double expert_ranks_ = 1.0;
  double shard_ = 1.0;
  double expert_shard_ = 1.0;
};

}  // namespace

StageMemory stage_memory(const Workload& workload, const Layout& layout, double micro_batches,
                         const Efficiency& efficiency, int stage) {
  return StageMemoryModel(workload, layout, micro_batches, efficiency)(stage);
}

MemoryUse memory_use(const Workload& workload, const Layout& layout, double global_batch,
                     const Efficiency& efficiency) {
  const StageMemoryModel model(
      workload, layout, global_batch / (static_cast<double>(layout.micro_batch) * layout.data), efficiency);
  MemoryUse use;
  LayerCounts before{};
  const StageLayers layers(workload, layout);
  for (int stage = 0; stage < layout.pipeline; ++stage) {
    const LayerCounts counts = layers(stage);
    // A stage like the one before it keeps no more micro-batches in flight.
    const bool alike = is_inner_stage(layout, stage) && is_inner_stage(layout, stage - 1) && counts == before;
    before = counts;
    if (alike) continue;
    const StageMemory memory = model(stage, counts);
    if (stage == 0 || memory.total() > use.peak.total()) use = {memory, stage};
  }
  return use;
}

}  // namespace trainbudget
