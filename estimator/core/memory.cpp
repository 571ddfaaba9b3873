#include "core/memory.h"

namespace trainbudget {

MemoryPeak::MemoryPeak(const Layout& layout, double micro_batches, const Efficiency& efficiency)
    : layout_(layout),
      micro_batches_(micro_batches),
      fixed_(efficiency[Parameter::fixed_memory]),
      reserve_(efficiency[Parameter::memory_reserve]),
      shards_(shard_sizes(layout)) {}

StageMemory MemoryPeak::of(const StageBytes& stage, int index) const {
  const auto sharded = [&](const RankShare& layers, const RankShare& ends, Sharding from) {
    const ShardSizes over = layout_.sharding >= from ? shards_ : ShardSizes{};
    return layers.sharded(over.dense, over.experts) + ends.sharded(over.dense, over.experts);
  };
  StageMemory memory;
  memory.weights = sharded(stage.layers.weights, stage.ends.weights, Sharding::parameters);
  memory.gradients = sharded(stage.layers.gradients, stage.ends.gradients, Sharding::gradients);
  if (!layout_.offload_optimizer)
    memory.optimizer = sharded(stage.layers.optimizer, stage.ends.optimizer, Sharding::optimizer);

  double recomputed = stage.layers.saved;
  if (layout_.recompute == Recompute::full) recomputed = stage.layers.boundary;
  if (layout_.recompute == Recompute::selective) recomputed -= stage.layers.released;
  // Of all the stage's chunks; one in flight holds its share.
  const double kept = layout_.recomputed_layers * recomputed +
                      (1.0 - layout_.recomputed_layers) * stage.layers.saved +
                      stage.embedding * layout_.chunks;
  const double in_flight = chunks_in_flight(index, layout_.pipeline, layout_.chunks, micro_batches_);
  memory.activations = kept * in_flight / layout_.chunks;
  memory.logits = stage.logits;

  const auto recompute = layout_.recomputed_layers > 0.0 ? layout_.recompute : Recompute::none;
  const std::size_t gathered = layout_.sharding == Sharding::parameters ? 1 : 0;
  memory.working = stage.working[static_cast<std::size_t>(recompute)][gathered];
  memory.fixed = fixed_;
  memory.reserve = reserve_ * (memory.in_use() - memory.fixed);
  return memory;
}

void MemoryPeak::add(const StageBytes& stage) {
  // The first of several alike keeps the most micro-batches in flight.
  const StageMemory memory = of(stage, stage.run.first);
  if (stage.run.first == 0 || memory.total() > use_.peak.total()) use_ = {memory, stage.run.first};
}

std::vector<StageMemory> memory_by_stage(const Workload& workload, const Layout& layout, double global_batch,
                                         const Efficiency& efficiency) {
  const ModelBytes model = model_bytes(workload, layout, efficiency);
  const MemoryPeak peak(layout, global_batch / (static_cast<double>(layout.micro_batch) * layout.data),
                        efficiency);
  std::vector<StageMemory> stages;
  stages.reserve(static_cast<std::size_t>(layout.pipeline));
  for_each_stage_run(workload, layout, [&](const StageRun& run, const LayerCounts& counts) {
    const StageBytes bytes = stage_bytes(workload, model, run, counts, layout.pipeline);
    for (int i = 0; i < run.stages; ++i)
      stages.push_back(peak.of(bytes, run.first + i));
  });
  return stages;
}

MemoryUse memory_use(const Workload& workload, const Layout& layout, double global_batch,
                     const Efficiency& efficiency) {
  const ModelBytes model = model_bytes(workload, layout, efficiency);
  MemoryPeak peak(layout, global_batch / (static_cast<double>(layout.micro_batch) * layout.data), efficiency);
  for_each_stage_run(workload, layout, [&](const StageRun& run, const LayerCounts& counts) {
    peak.add(stage_bytes(workload, model, run, counts, layout.pipeline));
  });
  return peak.use();
}

}  // namespace trainbudget
