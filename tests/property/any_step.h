// Random machines, efficiencies and layouts, for properties of steps and of searches.
#pragma once

#include "any_model.h"
#include "core/measured_recurrence.h"
#include "core/memory.h"
#include "core/step_time.h"

#include <cstddef>
#include <limits>

namespace trainbudget {

inline double any_between(double low, double high) {
  return low + (high - low) * *rc::gen::inRange(0, 10001) / 10000.0;
}

inline Machine any_machine() {
  Machine machine{.matmul_peak = any_between(1e13, 5e15), .memory_bandwidth = any_between(1e11, 1e13)};
  machine.wide_peak = machine.matmul_peak / *rc::gen::element(1.0, 2.0, 4.0);
  machine.matmul_bytes = machine.matmul_peak == machine.wide_peak ? 2.0 : 1.0;
  machine.scalar_peak = machine.wide_peak / 16.0;
  machine.memory_capacity = any_between(1e9, 3e11);
  machine.accelerators_per_node = *rc::gen::element(1.0, 4.0, 8.0);
  machine.fabric.tiers = *rc::gen::inRange(1, 4);
  double group = 1.0;
  for (int i = 0; i < machine.fabric.tiers; ++i) {
    group *= *rc::gen::inRange(2, 9);
    Link& link = machine.fabric.links[static_cast<std::size_t>(i)];
    link = {.group = group, .bandwidth = any_between(1e9, 1e12), .latency = any_between(0.0, 2e-5)};
    if (i == machine.fabric.tiers - 1) link.group = std::numeric_limits<double>::infinity();
  }
  return machine;
}

/// Within the bounds of every parameter.
inline Efficiency any_efficiency() {
  Efficiency efficiency;
  for (const ParameterRow& row : parameter_table())
    efficiency[row.parameter] = value_at(row, any_between(-3.0, 3.0));
  return efficiency;
}

struct Case {
  Workload workload;
  Machine machine;
  Layout layout;
  double global_batch = 0.0;
  Efficiency efficiency;

  StepTime time() const { return step_time(workload, machine, layout, global_batch, efficiency); }
  double seconds() const { return time().total(); }
};

inline int power_of_two(int most_exponent) {
  return 1 << *rc::gen::inRange(0, most_exponent + 1);
}

/// Times over a few B·H and T: any, as long as more heads or tokens never take less.
inline std::vector<WkvTable> any_recurrences() {
  std::vector<WkvTable> tables;
  for (const char* kernel :
       {"wkv4_forward", "wkv4_backward", "wkv5_forward", "wkv6_backward", "wkv7_forward", "wkv7_backward"}) {
    WkvTable table{.kernel = kernel, .head_size = kernel[3] == '4' ? 1.0 : 64.0};
    table.resident_heads = *rc::gen::element(0.0, 100.0, 1000.0);
    const double step = any_between(1e-7, 1e-5);
    for (const double sequence : {512.0, 4096.0}) {
      for (const double heads : {16.0, 64.0, 1024.0, 8192.0})
        table.points.push_back({heads, sequence, sequence * step * (1.0 + heads / 500.0)});
    }
    tables.push_back(table);
  }
  return tables;
}

inline Pieces any_pieces() {
  Pieces pieces;
  for (const RecomputeModule& module : recompute_modules) {
    if (*rc::gen::arbitrary<bool>()) pieces |= module.pieces;
  }
  return pieces;
}

/// A random case whose layout can train.
inline Case any_case() {
  Case c;
  const Recipe recipe;
  const double length = 1024.0 * power_of_two(3);
  c.workload =
      gather(apply(recipe, expand(any_model())), {.length = length}, recipe, *rc::gen::arbitrary<bool>());
  if (*rc::gen::arbitrary<bool>()) take_measured_recurrences(c.workload, any_recurrences());
  c.machine = any_machine();
  c.efficiency = any_efficiency();
  Layout& layout = c.layout;
  layout = {.tensor = power_of_two(2),
            .pipeline = power_of_two(2),
            .chunks = power_of_two(2),
            .data = power_of_two(4),
            .context = power_of_two(1),
            .micro_batch = power_of_two(2),
            .sharding = static_cast<Sharding>(*rc::gen::inRange(0, 4)),
            .sequence_parallel = *rc::gen::arbitrary<bool>(),
            .recompute = static_cast<Recompute>(*rc::gen::inRange(0, 3)),
            .recomputed_pieces = any_pieces(),
            .schedule = static_cast<Schedule>(*rc::gen::inRange(0, 2)),
            .offload_optimizer = *rc::gen::arbitrary<bool>()};
  if (layout.pipeline == 1) layout.chunks = 1;
  c.global_batch = static_cast<double>(layout.micro_batch) * layout.data * layout.pipeline * power_of_two(3);
  // What does not divide is made smaller until it does.
  while (!layout_problem(c.workload, c.machine, layout, c.global_batch).empty() && layout.tensor > 1)
    layout.tensor /= 2;
  while (!layout_problem(c.workload, c.machine, layout, c.global_batch).empty() && layout.chunks > 1)
    layout.chunks /= 2;
  while (!layout_problem(c.workload, c.machine, layout, c.global_batch).empty() && layout.pipeline > 1)
    layout.pipeline /= 2;
  RC_PRE(layout_problem(c.workload, c.machine, layout, c.global_batch).empty());
  return c;
}

}  // namespace trainbudget
