#include "core/stage_work.h"

#include "core/roofline.h"

#include <cstddef>

namespace trainbudget {

void BlockSeconds::add(const BlockSeconds& other, double count) {
  work += other.work * count;
  forward += other.forward * count;
  pieces += other.pieces * count;
  launches += other.launches * count;
  repeated_launches += other.repeated_launches * count;
  piece_launches += other.piece_launches * count;
}

ModelSeconds model_seconds(const Workload& workload, const Machine& machine, const Layout& layout,
                           const Efficiency& efficiency) {
  ModelSeconds model{.part = rank_part(workload, layout, machine, efficiency)};
  const auto seconds = [&](const BlockWork& block, bool layer) {
    const BlockTime time = block_time(workload, block, model.part, machine, efficiency);
    BlockSeconds result;
    result.work = time.forward;
    result.work += time.backward;
    const double operations = block.operations + block.expert_products / model.part.expert;
    result.launches = operations * (block.has_backward ? 3.0 : 1.0);
    if (layer && block.has_backward) {
      result.forward = time.forward.total();
      result.pieces = time.repeated.total();
      result.repeated_launches = operations;
      for (std::size_t i = 0; i < piece_count; ++i) {
        if (model.part.recomputed.contains(static_cast<Piece>(i)))
          result.piece_launches +=
              block.pieces[i].operations + block.pieces[i].expert_products / model.part.expert;
      }
    }
    return result;
  };
  for (std::size_t kind = 0; kind < workload.kinds.size(); ++kind)
    model.kinds[kind] = seconds(workload.kinds[kind], true);
  model.embedding = seconds(workload.embedding, false);
  model.head = seconds(workload.head, false);
  return model;
}

StageWork stage_work(const Workload& workload, const ModelSeconds& model, const StageRun& run,
                     const LayerCounts& counts, int pipeline) {
  StageWork stage{.run = run};
  for (std::size_t kind = 0; kind < workload.kinds.size(); ++kind) {
    if (counts[kind] > 0.0) stage.blocks.add(model.kinds[kind], counts[kind]);
  }
  if (run.first == 0) stage.blocks.add(model.embedding, 1.0);
  if (run.first + run.stages == pipeline) stage.blocks.add(model.head, 1.0);
  return stage;
}

Pace::Pace(const Layout& layout, const Efficiency& efficiency, RecomputeKnown known)
    : launch_seconds_(efficiency[Parameter::launch]) {
  if (known == RecomputeKnown::no) {
    forward_share_ = efficiency[Parameter::unstated_recompute];
  } else if (layout.recompute == Recompute::full) {
    forward_share_ = launch_share_ = layout.recomputed_layers;
  } else if (layout.recompute == Recompute::selective) {
    piece_share_ = layout.recomputed_layers;
  }
}

void Pace::add(const StageWork& stage) {
  const BlockSeconds& blocks = stage.blocks;
  const double repeated = forward_share_ * blocks.forward + piece_share_ * blocks.pieces;
  const double kernels = blocks.work.total() + repeated;
  const double launches =
      blocks.launches + launch_share_ * blocks.repeated_launches + piece_share_ * blocks.piece_launches;
  const double launch = soft_maximum(kernels, launches * launch_seconds_) - kernels;
  const double all = kernels + launch;
  all_ += all * stage.run.stages;
  if (all <= slowest_) return;
  work_ = blocks.work;
  repeated_ = repeated;
  launch_ = launch;
  slowest_ = all;
}

}  // namespace trainbudget
