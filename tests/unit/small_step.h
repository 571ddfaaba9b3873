// A step that is small enough to follow: two layers on one node of four accelerators.
#pragma once

#include "core/step_plan.h"

#include <limits>

namespace trainbudget::tests {

inline StepPlan small_step() {
  Model model{.hidden_size = 1024, .vocabulary = 10000};
  model.blocks = {{.mixer = Attention{.heads = 8, .kv_heads = 8, .head_size = 128},
                   .feed_forward = Mlp{.intermediate_size = 4096}}};
  model.layers = {0, 0};
  const Recipe recipe;
  StepPlan plan;
  plan.workload = gather(apply(recipe, expand(model)), {.length = 1024}, recipe, true);
  plan.machine = {.matmul_peak = 100e12,
                  .wide_peak = 100e12,
                  .scalar_peak = 10e12,
                  .memory_bandwidth = 1e12,
                  .memory_capacity = 8e9,
                  .accelerators_per_node = 4};
  plan.machine.fabric.tiers = 1;
  plan.machine.fabric.links[0] = {.group = std::numeric_limits<double>::infinity(), .bandwidth = 100e9};
  plan.cluster = "small";
  plan.layout = {.tensor = 2, .data = 2, .micro_batch = 4};
  plan.global_batch = 32;
  plan.profile.name = "small/generic";
  plan.profile.step_time_spread = 0.1;
  plan.profile.row_spread = 0.05;
  for (const ParameterRow& row : parameter_table())
    plan.profile.parameters[index_of(row.parameter)].value = row.typical;
  return plan;
}

}  // namespace trainbudget::tests
