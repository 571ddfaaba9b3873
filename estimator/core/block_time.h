// Seconds of one block (a layer, the embedding, the head) for one micro-batch on one rank.
#pragma once

#include "core/collectives.h"
#include "core/efficiency.h"
#include "core/layout.h"
#include "core/machine.h"
#include "core/workload.h"

namespace trainbudget {

/// One rank's part of a micro-batch, and what it costs to reach the ranks that share it. Made once per
/// layout.
struct RankPart {
  double tokens = 0.0;     ///< of the main stream, on this rank: micro-batch × sequence ÷ context
  double sequences = 0.0;  ///< micro-batch
  double sequence_length = 0.0;
  double tensor = 1.0;
  double context = 1.0;
  double sequence_share = 1.0;  ///< 1/tensor under sequence parallelism
  double expert = 1.0;
  double expert_tensor = 1.0;
  bool expert_overlap = false;  ///< of Layout
  Pieces recomputed;            ///< of a layer, where recomputation is selective
  RingCost tensor_ring;
  RingCost context_ring;
  double exchange_seconds_per_byte = 0.0;  ///< of an all-to-all among the expert-parallel ranks
  double exchange_latency = 0.0;
  FabricEfficiency fabric;

  constexpr double share(const Shares& shares) const {
    return shares.replicated + shares.tensor / tensor + shares.sequence * sequence_share +
           shares.experts / tensor;
  }
};

RankPart rank_part(const Workload& workload, const Layout& layout, const Machine& machine,
                   const Efficiency& efficiency);

/// Seconds. Communication is what is not hidden.
struct PassTime {
  double matmul = 0.0;
  double attention = 0.0;
  double recurrence = 0.0;
  double elementwise = 0.0;
  double tensor_communication = 0.0;
  double context_communication = 0.0;
  double expert_communication = 0.0;

  constexpr double kernels() const { return matmul + attention + recurrence + elementwise; }
  constexpr double total() const {
    return kernels() + tensor_communication + context_communication + expert_communication;
  }
  PassTime& operator+=(const PassTime& other);
  friend constexpr PassTime operator*(const PassTime& t, double factor) {
    return {t.matmul * factor,
            t.attention * factor,
            t.recurrence * factor,
            t.elementwise * factor,
            t.tensor_communication * factor,
            t.context_communication * factor,
            t.expert_communication * factor};
  }
};

struct BlockTime {
  PassTime forward;
  PassTime backward;
  PassTime repeated;  ///< what selective recomputation of RankPart::recomputed repeats
};

BlockTime block_time(const Workload& workload, const BlockWork& block, const RankPart& part,
                     const Machine& machine, const Efficiency& efficiency);

}  // namespace trainbudget
