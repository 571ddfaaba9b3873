#include "core/step_plan.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

/// Chosen so that errors of rows that were not fitted (calibration/backtest.h) are as wide as predicted.
constexpr double expert_scatter = 2.5;

double memory_of(const StepPlan& plan, const Layout& layout) {
  return memory_use(plan.workload, layout, plan.global_batch, plan.profile.efficiency()).peak.total();
}

class Advisor {
 public:
  explicit Advisor(const StepPlan& plan) : plan_(plan) {}

  std::vector<FitAdvice> operator()() {
    const Layout& now = plan_.layout;
    if (now.recompute == Recompute::none)
      consider("recompute the attention core (recompute=selective)",
               [](Layout& l) { l.recompute = Recompute::selective; });
    const Pieces light = light_pieces & releasing_pieces(plan_.workload);
    if (now.recompute == Recompute::none && !light.empty()) {
      consider("recompute single modules (recompute=" + modules_text(light) + ")", [&](Layout& l) {
        l.recompute = Recompute::selective;
        l.recomputed_pieces = light;
      });
    }
    if (now.recompute != Recompute::full)
      consider("recompute whole layers (recompute=full)", [](Layout& l) { l.recompute = Recompute::full; });
    if (now.micro_batch > 1)
      consider("halve the micro-batch (mbs=" + std::to_string(now.micro_batch / 2) + ")",
               [](Layout& l) { l.micro_batch /= 2; });
    if (now.tensor > 1 && !now.sequence_parallel)
      consider("sequence parallelism (sp)", [](Layout& l) { l.sequence_parallel = true; });
    for (int level = static_cast<int>(now.sharding) + 1; level <= 3; ++level)
      consider("share out more over data-parallel ranks (zero=" + std::to_string(level) + ")",
               [&](Layout& l) { l.sharding = static_cast<Sharding>(level); });
    consider("twice the tensor parallelism (tp=" + std::to_string(2 * now.tensor) + ")", [](Layout& l) {
      l.tensor *= 2;
      l.data /= 2;
    });
    consider("twice the pipeline stages (pp=" + std::to_string(2 * now.pipeline) + ")", [](Layout& l) {
      l.pipeline *= 2;
      l.data /= 2;
    });
    if (!now.offload_optimizer)
      consider("keep optimizer states in host memory (offload)",
               [](Layout& l) { l.offload_optimizer = true; });
    std::stable_sort(advice_.begin(), advice_.end(),
                     [](const FitAdvice& a, const FitAdvice& b) { return a.step_seconds < b.step_seconds; });
    return std::move(advice_);
  }

 private:
  template <class Change>
  void consider(std::string what, Change change) {
    Layout layout = plan_.layout;
    change(layout);
    const bool same_accelerators = layout.accelerators() == plan_.layout.accelerators();
    if (!same_accelerators ||
        !layout_problem(plan_.workload, plan_.machine, layout, plan_.global_batch).empty())
      return;
    const double bytes = memory_of(plan_, layout);
    if (bytes > plan_.machine.memory_capacity) return;
    const double seconds =
        step_time(plan_.workload, plan_.machine, layout, plan_.global_batch, plan_.profile.efficiency())
            .total();
    advice_.push_back({std::move(what), bytes, seconds});
  }

  const StepPlan& plan_;
  std::vector<FitAdvice> advice_;
};

}  // namespace

double work_scatter(const Workload& workload) {
  return kind_of(workload).experts ? expert_scatter : 1.0;
}

bool is_unseen(const std::vector<ModelKind>& seen, const Workload& workload) {
  return !seen.empty() && std::find(seen.begin(), seen.end(), kind_of(workload)) == seen.end();
}

double step_time_spread(const EfficiencyProfile& profile, const Workload& workload) {
  const double scatter = work_scatter(workload);
  const double unseen = is_unseen(profile.seen, workload) ? unseen_kind_spread : 0.0;
  if (scatter == 1.0 && unseen == 0.0) return profile.step_time_spread;
  const double extra = profile.row_spread * profile.row_spread * (scatter * scatter - 1.0);
  return std::sqrt(profile.step_time_spread * profile.step_time_spread + extra + unseen * unseen);
}

Range ranged(double median, double spread) {
  const double width = std::exp(p90_deviations * spread);
  return {median / width, median, median * width};
}

double fit_probability(double median, double spread, double capacity) {
  if (spread <= 0.0) return median <= capacity ? 1.0 : 0.0;
  return 0.5 * std::erfc(-std::log(capacity / median) / (spread * std::sqrt(2.0)));
}

double memory_share(const EfficiencyProfile& profile, Quantile fit) {
  return 1.0 / at(ranged(1.0, profile.memory_spread), fit);
}

StepEstimate estimate_step(const StepPlan& plan) {
  StepEstimate estimate;
  const Efficiency efficiency = plan.profile.efficiency();
  estimate.time = step_time(plan.workload, plan.machine, plan.layout, plan.global_batch, efficiency);
  estimate.seconds = ranged(estimate.time.total(), step_time_spread(plan.profile, plan.workload));
  const double at_one_second =
      model_flops_utilization(plan.workload, plan.machine, plan.layout, plan.global_batch, 1.0);
  estimate.model_flops_utilization = reciprocal(estimate.seconds) * at_one_second;
  estimate.memory = memory_use(plan.workload, plan.layout, plan.global_batch, efficiency);
  estimate.memory_bytes = ranged(estimate.memory.peak.total(), plan.profile.memory_spread);
  estimate.fits = estimate.memory.peak.total() <= plan.machine.memory_capacity;
  return estimate;
}

std::vector<FitAdvice> fit_advice(const StepPlan& plan) {
  if (memory_of(plan, plan.layout) <= plan.machine.memory_capacity) return {};
  return Advisor(plan)();
}

}  // namespace trainbudget
