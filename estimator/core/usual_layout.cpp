#include "core/usual_layout.h"

#include "core/efficiency.h"
#include "core/layout_space.h"
#include "core/memory.h"
#include "core/step_time.h"

#include <cmath>
#include <limits>

namespace trainbudget {
namespace {

/// What frameworks do of all that would work: tensor parallelism over whole parts of a node, pipelines over
/// stages alike (the embedding and the head may stand for a layer each), context parallelism of long
/// sequences, experts whole, and no pipeline where weights are gathered layer by layer.
bool is_usual(const Layout& layout, const Workload& workload, const Machine& machine,
              const LayoutClues& clues) {
  constexpr double long_sequence = 8192.0;
  const auto divides = [](double part, double whole) { return std::fmod(whole, part) == 0.0; };
  const double node = machine.accelerators_per_node;
  const double stages = layout.pipeline;
  if (!divides(layout.tensor, node) && !divides(node, layout.tensor)) return false;
  if (!divides(stages, workload.layers) && !divides(stages, workload.layers + 2)) return false;
  if (layout.context > 1 && workload.sequence_length < long_sequence) return false;
  if (layout.expert > 1 && layout.expert_tensor != 1) return false;
  if (layout.sharding == Sharding::parameters && layout.pipeline > 1) return false;
  return layout.sequence_parallel == (layout.tensor > 1 && clues.sequence_parallel);
}

}  // namespace

std::optional<Layout> usual_layout(const Workload& workload, const Machine& machine,
                                   const LayoutClues& clues) {
  const LayoutSpace space(workload, machine,
                          {.accelerators = clues.accelerators, .global_batch = clues.global_batch});
  const Efficiency typical = typical_efficiency();
  double fastest = std::numeric_limits<double>::infinity();
  std::optional<Layout> found;
  for (const LayoutFamily& family : space.families()) {
    Layout trial = family.layout;
    trial.sharding = clues.sharding;
    trial.offload_optimizer = clues.offload_optimizer;
    if (clues.micro_batch > 0 && trial.micro_batch != clues.micro_batch) continue;
    if (!is_usual(trial, workload, machine, clues)) continue;
    const auto fits = [&] {
      return memory_use(workload, trial, clues.global_batch, typical).peak.total() <= machine.memory_capacity;
    };
    if (!fits()) {
      trial.recompute = Recompute::full;
      if (!fits()) continue;
    }
    const double seconds = step_time(workload, machine, trial, clues.global_batch, typical).total();
    if (seconds >= fastest) continue;
    fastest = seconds;
    found = trial;
  }
  return found;
}

}  // namespace trainbudget
