#include "calibration/observation.h"

#include "core/memory.h"
#include "core/quantile.h"
#include "core/step_plan.h"

#include <cmath>
#include <utility>

namespace trainbudget {

double Observation::share_of_peak() const {
  return model_flops_utilization(workload, machine, layout(), run->run.global_batch, run->step_seconds);
}

double Observation::predicted_seconds(const Efficiency& efficiency) const {
  const RecomputeKnown known = run->recompute_stated ? RecomputeKnown::yes : RecomputeKnown::no;
  return step_time(workload, machine, layout(), run->run.global_batch, efficiency, known).total();
}

double Observation::predicted_memory(const Efficiency& efficiency) const {
  const StageMemory peak = memory_use(workload, layout(), run->run.global_batch, efficiency).peak;
  return run->memory_is_in_use ? peak.in_use() : peak.total();
}

double Observation::log_predicted(Target target, const Efficiency& efficiency) const {
  return std::log(target == Target::memory ? predicted_memory(efficiency) : predicted_seconds(efficiency));
}

double Observation::log_measured_of(Target target) const {
  return target == Target::memory ? std::log(*run->peak_memory_bytes) : log_measured;
}

std::string observation_problem(const MeasuredRun& run, const Accelerator& accelerator,
                                const Cluster& cluster) {
  if (!run.inexpressible.empty()) return run.inexpressible;
  if (!(run.step_seconds > 0.0)) return "no step time";
  const auto machine = machine_of(accelerator, cluster, run.run.precision);
  if (!machine) return accelerator.name + " has no peak at " + std::string(name_of(run.run.precision));
  if (machine->fabric.tiers == 0 && run.run.layout.accelerators() > 1.0)
    return "cluster " + cluster.name + " has no network";
  return {};
}

Observation observe(const MeasuredRun& run, const Accelerator& accelerator, const Cluster& cluster) {
  const TrainingRun& training = run.run;
  const ModelOps ops = apply(training.recipe, expand(run.model));
  const ScatterFactors factors;
  Workload workload = gather(ops, training.sequence, training.recipe, training.fused_attention);
  double scatter = work_scatter(workload);
  if (!run.layout_stated) scatter *= factors.unstated_layout;
  if (!run.shape_stated) scatter *= factors.unstated_shape;
  if (!run.recompute_stated) scatter *= factors.unstated_recompute;
  if (training.recipe.adapters) scatter *= factors.adapters;
  Machine machine = *machine_of(accelerator, cluster, training.precision);
  // Whoever really chose a layout knew the links of a mesh; a guess is not held to them.
  if (!run.layout_stated) {
    for (Link& link : machine.fabric.links)
      link.mesh = false;
  }
  double noise = 0.0;
  if (run.stated_noise > 0.0) {
    // What a source tells of its own noise is read as the P10–P90 of a log-normal.
    noise = std::log1p(run.stated_noise) / p90_deviations / usual_row_spread;
  }
  return {.run = &run,
          .workload = std::move(workload),
          .machine = machine,
          .log_measured = std::log(run.step_seconds),
          .scatter = scatter,
          .noise = noise};
}

std::vector<ModelKind> kinds_seen(std::span<const Observation* const> rows, std::string_view stack) {
  std::vector<ModelKind> seen;
  for (const ModelKind& kind : all_model_kinds) {
    const bool is_there = std::any_of(rows.begin(), rows.end(), [&](const Observation* row) {
      return row->run->stack == stack && kind_of(row->workload) == kind;
    });
    if (is_there) seen.push_back(kind);
  }
  return seen;
}

}  // namespace trainbudget
