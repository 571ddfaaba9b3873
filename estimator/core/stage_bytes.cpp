#include "core/stage_bytes.h"

#include <algorithm>
#include <cstddef>

namespace trainbudget {
namespace {

/// The part of a micro-batch and of the weights that one rank has.
class RankBytes {
 public:
  RankBytes(const Layout& layout, double sequence_length, double activation_factor)
      : tensor_(layout.tensor),
        expert_ranks_(static_cast<double>(layout.expert) * layout.expert_tensor_size()),
        sequence_share_(layout.sequence_parallel ? 1.0 / layout.tensor : 1.0),
        tokens_(layout.micro_batch * sequence_length / layout.context),
        activation_factor_(activation_factor),
        recomputed_(layout.recomputed_pieces) {}

  BlockBytes operator()(const BlockWork& block) const {
    return {.trained = share(block.trained),
            .weights = share(block.state.weights),
            .gradients = share(block.state.gradients),
            .optimizer = share(block.state.optimizer),
            .saved = activation(block.saved),
            .released = released(block),
            .boundary = tokens_ * block.boundary * sequence_share_};
  }

 private:
  RankShare share(const Shares& s) const {
    return {s.replicated + s.sequence + s.tensor / tensor_, s.experts / expert_ranks_};
  }
  double activation(const Shares& s) const {
    return tokens_ * activation_factor_ *
           (s.replicated + s.tensor / tensor_ + s.sequence * sequence_share_ + s.experts / tensor_);
  }
  double released(const BlockWork& block) const {
    double bytes = 0.0;
    for (std::size_t i = 0; i < piece_count; ++i) {
      if (recomputed_.contains(static_cast<Piece>(i))) bytes += activation(block.pieces[i].released);
    }
    return bytes;
  }

  double tensor_;
  double expert_ranks_;
  double sequence_share_;
  double tokens_;
  double activation_factor_;
  Pieces recomputed_;
};

/// FSDP holds the weights of the layer in work and of the next one, gathered ahead, as they are held, and one
/// whole gradient in 16 bit.
double gathered_bytes(const BlockBytes& block) {
  constexpr double gradient_bytes = 2.0;
  return 2.0 * block.weights.total() + gradient_bytes * block.trained.total();
}

/// Where gradients are accumulated in more bytes than they are computed in, a layer in work has its own ones
/// beside: in 16 bit, until they are added. Experts are added one by one.
double added_gradient_bytes(const BlockBytes& block) {
  constexpr double computed_bytes = 2.0;
  const double computed = computed_bytes * block.trained.dense;
  return block.gradients.dense > computed ? computed : 0.0;
}

/// Of one layer in work, which holds again what recomputation let go of.
double repeated_bytes(const BlockBytes& layer, Recompute recompute) {
  if (recompute == Recompute::selective) return layer.released;
  return recompute == Recompute::full ? std::max(0.0, layer.saved - layer.boundary) : 0.0;
}

}  // namespace

void BlockBytes::add(const BlockBytes& other, double count) {
  trained.add(other.trained, count);
  weights.add(other.weights, count);
  gradients.add(other.gradients, count);
  optimizer.add(other.optimizer, count);
  saved += other.saved * count;
  released += other.released * count;
  boundary += other.boundary * count;
}

ModelBytes model_bytes(const Workload& workload, const Layout& layout, const Efficiency& efficiency) {
  const RankBytes rank(layout, workload.sequence_length, efficiency[Parameter::activation_factor]);
  ModelBytes model;
  for (std::size_t kind = 0; kind < workload.kinds.size(); ++kind) {
    BlockBytes& layer = model.kinds[kind];
    layer = rank(workload.kinds[kind]);
    if (!workload.kinds[kind].has_backward) layer.saved = layer.released = layer.boundary = 0.0;
  }
  model.embedding = rank(workload.embedding);
  model.head = rank(workload.head);
  return model;
}

StageBytes stage_bytes(const Workload& workload, const ModelBytes& model, const StageRun& run,
                       const LayerCounts& counts, int pipeline) {
  StageBytes stage{.run = run};
  // What is gathered comes with its whole gradient.
  const auto put_in_work = [&](std::size_t recompute, double repeated, double added, double gathered) {
    std::array<double, 2>& largest = stage.working[recompute];
    largest[0] = std::max(largest[0], repeated + added);
    largest[1] = std::max(largest[1], repeated + gathered);
  };
  for (std::size_t kind = 0; kind < workload.kinds.size(); ++kind) {
    if (counts[kind] <= 0.0) continue;
    const BlockBytes& layer = model.kinds[kind];
    stage.layers.add(layer, counts[kind]);
    const double gathered = gathered_bytes(layer);
    const double added = added_gradient_bytes(layer);
    for (std::size_t i = 0; i < recompute_words.size(); ++i)
      put_in_work(i, repeated_bytes(layer, static_cast<Recompute>(i)), added, gathered);
  }
  const bool is_first = run.first == 0;
  const bool is_last = run.first + run.stages == pipeline;
  if (is_first) {
    stage.ends.add(model.embedding, 1.0);
    stage.embedding = model.embedding.saved;
  }
  if (is_last) {
    stage.ends.add(model.head, 1.0);
    if (workload.tied_head && !is_first) stage.ends.add(model.embedding, 1.0);
    stage.logits = model.head.saved;
    const double gathered = gathered_bytes(model.head);
    const double added = added_gradient_bytes(model.head);
    for (std::size_t i = 0; i < recompute_words.size(); ++i)
      put_in_work(i, 0.0, added, gathered);
  }
  return stage;
}

ShardSizes shard_sizes(const Layout& layout) {
  const double replicas = static_cast<double>(layout.data) * layout.context;
  const double dense = layout.shard_group > 0 ? std::min<double>(layout.shard_group, replicas) : replicas;
  const double expert_ranks = static_cast<double>(layout.expert) * layout.expert_tensor_size();
  return {dense, std::min(dense, std::max(1.0, replicas * layout.tensor / expert_ranks))};
}

}  // namespace trainbudget
