#include "core/step_time.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {

StepTime step_time(const Workload& workload, const Machine& machine, const Layout& layout,
                   double global_batch, const Efficiency& efficiency, RecomputeKnown known) {
  const ModelSeconds seconds = model_seconds(workload, machine, layout, efficiency);
  const ModelBytes bytes = model_bytes(workload, layout, efficiency);
  Pace pace(layout, efficiency, known);
  DataExchange exchange(workload, machine, layout, efficiency);
  for_each_stage_run(workload, layout, [&](const StageRun& run, const LayerCounts& counts) {
    pace.add(stage_work(workload, seconds, run, counts, layout.pipeline));
    exchange.add(stage_bytes(workload, bytes, run, counts, layout.pipeline));
  });
  const double transfer = stage_transfer(workload, machine, layout, seconds.part);
  return step_time(pace, exchange, transfer, machine, layout, global_batch, efficiency);
}

StepTime step_time(const Pace& pace, const DataExchange& exchange, double transfer, const Machine& machine,
                   const Layout& layout, double global_batch, const Efficiency& efficiency) {
  const double m = global_batch / (static_cast<double>(layout.micro_batch) * layout.data);
  const PassTime& work = pace.work();
  StepTime step;
  step.matmul = m * work.matmul;
  step.attention = m * work.attention;
  step.recurrence = m * work.recurrence;
  step.elementwise = m * work.elementwise;
  step.tensor_communication = m * work.tensor_communication;
  step.context_communication = m * work.context_communication;
  step.expert_communication = m * work.expert_communication;
  step.recompute = m * pace.repeated();
  step.launch = m * pace.launch();
  step.pipeline_bubble = (pace.all_stages() - pace.slowest()) / layout.chunks;
  if (layout.schedule == Schedule::zero_bubble) {
    // ZB-H1 leaves (p − 1)(F + B − W) of the 1F1B bubble's (p − 1)(F + B + W), B being input gradients and W
    // weight gradients: with F = B = W, a third; there are no more weight gradients to fill it with than
    // there are.
    step.pipeline_bubble -= std::min(2.0 / 3.0 * step.pipeline_bubble, m * pace.slowest() / 3.0);
  }
  step.pipeline_communication = pipeline_seconds(layout, layout.chunks, m, transfer, efficiency);
  step.data_communication = exchange.seen(m, pace.slowest());
  step.optimizer = exchange.optimizer();
  const double nodes = std::max(1.0, layout.accelerators() / machine.accelerators_per_node);
  step.straggler = step.total() * efficiency[Parameter::straggler] * std::log2(nodes);
  return step;
}

double pipeline_seconds(const Layout& layout, int chunks, double micro_batches, double transfer,
                        const Efficiency& efficiency) {
  if (layout.pipeline == 1) return 0.0;
  const double transfers = 2.0 * (micro_batches * chunks + layout.pipeline - 1.0);
  return transfers * transfer * efficiency[Parameter::pipeline_exposed];
}

double stage_transfer(const Workload& workload, const Machine& machine, const Layout& layout,
                      const RankPart& part) {
  if (layout.pipeline == 1) return 0.0;
  const double distance = static_cast<double>(layout.tensor) * layout.context * layout.data;
  const double bytes = workload.hidden_bytes * part.tokens * part.sequence_share;
  return point_to_point_time(machine.fabric, part.fabric, distance, bytes);
}

double model_flops_utilization(const Workload& workload, const Machine& machine, const Layout& layout,
                               double global_batch, double step_seconds) {
  const double flops = workload.model_flops * workload.sequence_length * global_batch;
  return flops / (step_seconds * layout.accelerators() * machine.matmul_peak);
}

double roofline_floor(const Workload& workload, const Machine& machine, const Layout& layout,
                      double global_batch) {
  const double fastest = std::max(machine.matmul_peak, machine.wide_peak);
  const double flops = workload.model_flops * workload.sequence_length * global_batch;
  return flops / (layout.accelerators() * fastest);
}

}  // namespace trainbudget
