// All layouts of a run on a number of accelerators, judged one by one.
#pragma once

#include "core/efficiency.h"
#include "core/layout.h"
#include "core/machine.h"
#include "core/workload.h"

#include <cstdint>
#include <vector>

namespace trainbudget {

struct LayoutCandidate {
  Layout layout;
  double step_seconds = 0.0;
  double memory_bytes = 0.0;  ///< of the fullest accelerator
};

struct LayoutSearch {
  std::vector<LayoutCandidate> best;  ///< that fit, fastest first; ties by memory, then by order of trial
  LayoutCandidate nearest;  ///< of those that do not fit, the smallest; step_seconds 0: there is none
  std::int64_t evaluated = 0;
};

/// Tries every tensor size up to a node, pipeline size, interleaving, context and expert size,
/// micro-batch, recomputation and sharding that layout_problem() lets through: sizes are powers of two and
/// the divisors of the accelerators among 3, 5, 6, 7 and 10 times them. Keeps the `kept` best.
LayoutSearch search_layouts(const Workload& workload, const Machine& machine, double accelerators,
                            double global_batch, const Efficiency& efficiency, std::size_t kept);

}  // namespace trainbudget
