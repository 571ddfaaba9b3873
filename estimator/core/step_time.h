// The time of one training step.
#pragma once

#include "core/data_exchange.h"
#include "core/efficiency.h"
#include "core/layout.h"
#include "core/machine.h"
#include "core/stage_work.h"
#include "core/workload.h"

namespace trainbudget {

/// Seconds of one step, part by part, as the stage that sets the pace spends them; they sum to total().
struct StepTime {
  double matmul = 0.0;
  double attention = 0.0;
  double recurrence = 0.0;
  double elementwise = 0.0;
  double recompute = 0.0;  ///< kernels and communication of the repeated forward pass
  double launch = 0.0;     ///< what the host adds where it cannot launch kernels fast enough
  double tensor_communication = 0.0;
  double context_communication = 0.0;
  double expert_communication = 0.0;
  double pipeline_communication = 0.0;
  double pipeline_bubble = 0.0;
  double data_communication = 0.0;
  double optimizer = 0.0;
  double straggler = 0.0;

  constexpr double total() const {
    return matmul + attention + recurrence + elementwise + recompute + launch + tensor_communication +
           context_communication + expert_communication + pipeline_communication + pipeline_bubble +
           data_communication + optimizer + straggler;
  }
};

/// The time of one step of `global_batch` sequences. Plain arithmetic: no allocation, no failure. Expects a
/// layout without layout_problem().
StepTime step_time(const Workload& workload, const Machine& machine, const Layout& layout,
                   double global_batch, const Efficiency& efficiency,
                   RecomputeKnown known = RecomputeKnown::yes);

/// The same from its parts, which a search makes once for many layouts; `transfer` as of stage_transfer().
StepTime step_time(const Pace& pace, const DataExchange& exchange, double transfer, const Machine& machine,
                   const Layout& layout, double global_batch, const Efficiency& efficiency);

/// Seconds to pass one micro-batch's activations to the next pipeline stage.
double stage_transfer(const Workload& workload, const Machine& machine, const Layout& layout,
                      const RankPart& part);

/// What a step sees of the transfers between stages, with `chunks` of them in each.
double pipeline_seconds(const Layout& layout, int chunks, double micro_batches, double transfer,
                        const Efficiency& efficiency);

/// Model FLOPs utilisation: causal model FLOPs ÷ (time × accelerators × peak).
double model_flops_utilization(const Workload& workload, const Machine& machine, const Layout& layout,
                               double global_batch, double step_seconds);

/// A floor that no layout can undercut: the model FLOPs at datasheet peak.
double roofline_floor(const Workload& workload, const Machine& machine, const Layout& layout,
                      double global_batch);

}  // namespace trainbudget
