// What a pipeline stage does with one micro-batch, before it is chosen how much is recomputed. A search makes
// these sums once for many layouts.
#pragma once

#include "core/block_time.h"
#include "core/efficiency.h"
#include "core/layout.h"
#include "core/machine.h"
#include "core/pipeline.h"
#include "core/workload.h"

#include <array>

namespace trainbudget {

/// How a layer is recomputed where the source of a layout does not say (backtest only): as much of a forward
/// pass as Parameter::unstated_recompute.
enum class RecomputeKnown : bool { no, yes };

/// A block (a layer, the embedding, the head), or the sum of several.
struct BlockSeconds {
  PassTime work;                   ///< forward and backward, seconds
  double forward = 0.0;            ///< seconds to repeat it whole; 0 where nothing is repeated
  double pieces = 0.0;             ///< seconds to repeat the pieces of it that a layout recomputes
  double launches = 0.0;           ///< forward and backward
  double repeated_launches = 0.0;  ///< of the whole
  double piece_launches = 0.0;     ///< of the pieces

  void add(const BlockSeconds& other, double count);
};

/// Depends on a layout's tensor, context and expert sizes, micro-batch, sequence parallelism and recomputed
/// pieces alone.
struct ModelSeconds {
  RankPart part;
  std::array<BlockSeconds, most_layer_kinds> kinds;
  BlockSeconds embedding;
  BlockSeconds head;
};
ModelSeconds model_seconds(const Workload& workload, const Machine& machine, const Layout& layout,
                           const Efficiency& efficiency);

/// One stage, or several in a row that hold the same. Depends on the pipeline's size and chunks besides.
struct StageWork {
  StageRun run;
  BlockSeconds blocks;
};
StageWork stage_work(const Workload& workload, const ModelSeconds& model, const StageRun& run,
                     const LayerCounts& counts, int pipeline);

/// Which stage sets the pace, and how long all of them take together, seconds per micro-batch. Depends on
/// what is recomputed besides.
class Pace {
 public:
  Pace(const Layout& layout, const Efficiency& efficiency, RecomputeKnown known = RecomputeKnown::yes);
  void add(const StageWork& stage);

  const PassTime& work() const { return work_; }  ///< of the slowest stage
  double repeated() const { return repeated_; }   ///< its recomputation
  double launch() const { return launch_; }       ///< beyond its kernels
  double slowest() const { return slowest_; }     ///< all of it
  double all_stages() const { return all_; }

 private:
  double forward_share_ = 0.0;
  double piece_share_ = 0.0;
  double launch_share_ = 0.0;
  double launch_seconds_;
  PassTime work_;
  double repeated_ = 0.0;
  double launch_ = 0.0;
  double slowest_ = -1.0;
  double all_ = 0.0;
};

}  // namespace trainbudget
