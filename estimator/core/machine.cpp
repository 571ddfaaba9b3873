#include "core/machine.h"

#include <algorithm>
#include <limits>

namespace trainbudget {
namespace {

double peak_of(const Accelerator& accelerator, Precision precision) {
  const auto* peak = find_peak(accelerator.peak, precision);
  return peak ? peak->value.value : 0.0;
}

double bytes_of(Precision precision) {
  switch (precision) {
    case Precision::fp64:
    case Precision::fp64_tensor:
      return 8.0;
    case Precision::fp32:
    case Precision::tf32:
      return 4.0;
    case Precision::bf16:
    case Precision::fp16:
      return 2.0;
    case Precision::fp8:
    case Precision::int8:
      return 1.0;
    case Precision::fp4:
      return 0.5;
  }
  return 2.0;
}

Fabric fabric_of(const Cluster& cluster) {
  constexpr double unbounded = std::numeric_limits<double>::infinity();
  Fabric fabric;
  double inner = 1.0;
  for (const Tier& tier : cluster.tiers) {
    double group = unbounded;
    if (tier.group_size) group = tier.group_size->value;
    const bool last = &tier == &cluster.tiers.back();
    if ((group <= inner && !last) || fabric.tiers == most_tiers) continue;  // a domain of one links nothing
    fabric.links[static_cast<std::size_t>(fabric.tiers++)] = {
        .group = group,
        .bandwidth = tier.bandwidth.value.value,
        .latency = tier.latency.value.value,
        .server = group <= cluster.accelerators_per_node.value,
        .mesh = tier.mesh,
        .measured = tier.bandwidth.provenance.origin == Origin::measured};
    inner = group;
  }
  // Nothing is said to lie beyond the outermost tier, so that it carries everything.
  if (fabric.tiers > 0) fabric.links[static_cast<std::size_t>(fabric.tiers - 1)].group = unbounded;
  return fabric;
}

}  // namespace

std::optional<Machine> machine_of(const Accelerator& accelerator, const Cluster& cluster,
                                  Precision precision) {
  Machine machine{
      .matmul_peak = peak_of(accelerator, precision),
      .wide_peak = std::max(peak_of(accelerator, Precision::bf16), peak_of(accelerator, Precision::fp16)),
      .scalar_peak = peak_of(accelerator, Precision::fp32),
      .matmul_bytes = bytes_of(precision),
      .memory_bandwidth = accelerator.memory_bandwidth.value.value,
      .memory_capacity = accelerator.memory_capacity.value.value,
      .accelerators_per_node = cluster.accelerators_per_node.value,
      .fabric = fabric_of(cluster)};
  if (machine.matmul_peak <= 0.0) return std::nullopt;
  // What is trained in more than 16 bit has its attention and its head in as many.
  if (machine.wide_peak <= 0.0 || machine.matmul_bytes > 2.0) machine.wide_peak = machine.matmul_peak;
  if (machine.scalar_peak <= 0.0) machine.scalar_peak = machine.wide_peak / 16.0;
  return machine;
}

}  // namespace trainbudget
