#include "plan/estimated_step.h"

#include "core/machine.h"
#include "core/measured_recurrence.h"
#include "core/recipe.h"
#include "core/step_time.h"

namespace trainbudget::microbench {

std::optional<double> estimated_step_seconds(const ModelOps& ops, const StepRequest& request,
                                             const Accelerator& gpu, const EfficiencyProfile& profile,
                                             double launch_seconds) {
  Cluster alone;  // nothing is sent anywhere
  alone.accelerators_per_node.value = 1.0;
  const std::optional<trainbudget::Machine> machine = machine_of(gpu, alone, Precision::bf16);
  if (!machine) return std::nullopt;
  const Recipe recipe;
  const auto sequence = static_cast<double>(request.batch.sequence_length);
  Workload workload = gather(apply(recipe, ops), {.length = sequence}, recipe, true);
  take_measured_recurrences(workload, profile.recurrences);
  Efficiency efficiency = profile.efficiency();
  efficiency[Parameter::launch] = launch_seconds;
  const Layout layout{.micro_batch = static_cast<int>(request.batch.sequences),
                      .recompute = request.recompute ? Recompute::full : Recompute::none};
  return step_time(workload, *machine, layout, static_cast<double>(request.batch.sequences), efficiency)
      .total();
}

}  // namespace trainbudget::microbench
