// Which layers a pipeline stage holds, and how stages overlap.
#pragma once

#include "core/layout.h"
#include "core/workload.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace trainbudget {

/// How `layers` are shared out over `chunks`. Where they do not divide evenly, the chunks at both ends are
/// the short ones: the first also holds the embedding, the last the head.
class LayerSplit {
 public:
  constexpr LayerSplit(int layers, int chunks)
      : each_(layers / chunks), longer_(layers % chunks), short_first_((chunks - longer_) / 2) {}

  /// The first layer of chunk `chunk`.
  constexpr int first_layer(int chunk) const {
    return chunk * each_ + std::clamp(chunk - short_first_, 0, longer_);
  }

 private:
  int each_;
  int longer_;       ///< chunks that hold one layer more
  int short_first_;  ///< short chunks before them
};

/// Layers of each kind on one stage.
using LayerCounts = std::array<double, most_layer_kinds>;

/// What the stages of a layout hold.
class StageLayers {
 public:
  StageLayers(const Workload& workload, const Layout& layout)
      : workload_(workload),
        stages_(layout.pipeline),
        chunks_(layout.pipeline * layout.chunks),
        split_(workload.layers, chunks_) {}

  /// Layers by kind that stage `stage` holds, all its chunks together.
  LayerCounts operator()(int stage) const {
    LayerCounts counts{};
    for (int chunk = stage; chunk < chunks_; chunk += stages_) {
      const int first = split_.first_layer(chunk);
      const int end = split_.first_layer(chunk + 1);
      for (std::size_t kind = 0; kind < workload_.kinds.size(); ++kind)
        counts[kind] += workload_.count_before(kind, end) - workload_.count_before(kind, first);
    }
    return counts;
  }

 private:
  const Workload& workload_;
  int stages_;
  int chunks_;
  LayerSplit split_;
};

/// Stages in a row that hold the same layers, and no end of the model unless there is one of them alone.
struct StageRun {
  int first = 0;
  int stages = 1;
};

/// Calls `visit(run, counts)` for the runs of stages, first to last, with the layers by kind on each.
template <class Visit>
void for_each_stage_run(const Workload& workload, const Layout& layout, Visit visit) {
  const int stages = layout.pipeline;
  const StageLayers layers(workload, layout);
  StageRun run;
  LayerCounts counts = layers(0);
  const bool alike = workload.kinds.size() == 1 && workload.layers % (stages * layout.chunks) == 0;
  if (alike && stages > 2) {
    visit(run, counts);
    visit(StageRun{.first = 1, .stages = stages - 2}, counts);
    visit(StageRun{.first = stages - 1}, counts);
    return;
  }
  for (int stage = 1; stage < stages; ++stage) {
    const LayerCounts next = layers(stage);
    if (run.first > 0 && stage < stages - 1 && next == counts) {
      ++run.stages;
      continue;
    }
    visit(run, counts);
    run = {.first = stage};
    counts = next;
  }
  visit(run, counts);
}

/// Micro-batches' worth of one chunk's activations that stage `stage` of `stages` holds at once, in chunks,
/// under 1F1B (Narayanan et al., arXiv 2104.04473, §2.2: the warm-up of the stage, and the one in work), of
/// `micro_batches` per step.
constexpr double chunks_in_flight(int stage, int stages, int chunks_a_stage, double micro_batches) {
  const double all = micro_batches * chunks_a_stage;
  const double warm_up = chunks_a_stage == 1 ? stages - stage - 1.0
                                             : 2.0 * (stages - stage - 1.0) + (chunks_a_stage - 1.0) * stages;
  return std::min(all, warm_up + 1.0);
}

}  // namespace trainbudget
