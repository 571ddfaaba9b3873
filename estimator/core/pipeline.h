// Which layers a pipeline stage holds, and how stages overlap.
#pragma once

#include "core/layout.h"
#include "core/workload.h"

#include <algorithm>
#include <cstddef>

namespace trainbudget {

/// The first layer of chunk `chunk` of `chunks` that share out `layers`. Where they do not divide evenly, the
/// chunks at both ends are the short ones: the first also holds the embedding, the last the head.
constexpr int first_layer(int layers, int chunks, int chunk) {
  const int each = layers / chunks;
  const int longer = layers % chunks;
  const int short_ones_first = (chunks - longer) / 2;
  return chunk * each + std::clamp(chunk - short_ones_first, 0, longer);
}

/// Layers of `kind` that stage `stage` holds, all its chunks together.
inline double layers_on_stage(const Workload& workload, const Layout& layout, std::size_t kind, int stage) {
  const int chunks = layout.pipeline * layout.chunks;
  double count = 0.0;
  for (int chunk = stage; chunk < chunks; chunk += layout.pipeline) {
    count += workload.count_before(kind, first_layer(workload.layers, chunks, chunk + 1)) -
             workload.count_before(kind, first_layer(workload.layers, chunks, chunk));
  }
  return count;
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
