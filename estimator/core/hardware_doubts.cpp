#include "core/hardware_doubts.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

bool declares(const Accelerator& gpu, std::string_view rule) {
  return std::any_of(gpu.exceptions.begin(), gpu.exceptions.end(),
                     [&](const DeclaredException& exception) { return exception.rule == rule; });
}

std::string peak_of(Precision precision) {
  return "peak." + std::string(name_of(precision));
}

void doubt_dense(const Accelerator& gpu, std::vector<std::string>& doubts) {
  if (declares(gpu, "sparse_is_twice_dense")) return;
  for (const Precision precision : all_precisions) {
    const auto* const dense = find_peak(gpu.peak, precision);
    const auto* const sparse = find_peak(gpu.sparse_peak, precision);
    if (dense != nullptr && sparse != nullptr && dense->value.value >= sparse->value.value)
      doubts.push_back(peak_of(precision) + " is no less than sparse_" + peak_of(precision) +
                       ": is it the sparse one? Dense peaks are half of them");
  }
}

void doubt_widths(const Accelerator& gpu, std::vector<std::string>& doubts) {
  constexpr Precision widest_first[] = {Precision::fp64, Precision::fp32, Precision::tf32,
                                        Precision::bf16, Precision::fp8,  Precision::fp4};
  const Sourced<FlopsPerSecond>* wider = nullptr;
  Precision wide = Precision::fp64;
  for (const Precision precision : widest_first) {
    const auto* const peak = find_peak(gpu.peak, precision);
    if (peak == nullptr) continue;
    if (wider != nullptr && peak->value.value < wider->value.value)
      doubts.push_back(peak_of(precision) + " is less than " + peak_of(wide) +
                       ": narrower numbers are never slower");
    wider = peak;
    wide = precision;
  }
}

}  // namespace

std::vector<std::string> doubts(const Accelerator& accelerator) {
  std::vector<std::string> doubts;
  doubt_dense(accelerator, doubts);
  doubt_widths(accelerator, doubts);
  const double link = accelerator.scale_up.bandwidth.value.value;
  if (link >= accelerator.memory_bandwidth.value.value)
    doubts.emplace_back("scale_up.bandwidth is no less than memory.bandwidth: links are slower than memory");
  if (accelerator.scale_out_bandwidth && accelerator.scale_out_bandwidth->value.value > link)
    doubts.emplace_back("scale_out is faster than scale_up.bandwidth: networks are no faster than links");
  return doubts;
}

std::vector<std::string> doubts(const Cluster& cluster) {
  std::vector<std::string> doubts;
  double inner_size = 1.0;
  const double node = cluster.accelerators_per_node.value;
  const Tier* inner = nullptr;
  const auto divides = [](double a, double b) { return std::fmod(std::max(a, b), std::min(a, b)) == 0.0; };
  const auto whole = [](double size) { return std::to_string(static_cast<long long>(size)); };
  for (const Tier& tier : cluster.tiers) {
    const std::string place = "tier '" + tier.name + "': ";
    if (inner != nullptr && tier.bandwidth.value.value > inner->bandwidth.value.value)
      doubts.push_back(place + "bandwidth is more than that of '" + inner->name + "' inside of it");
    inner = &tier;
    if (!tier.group_size) continue;
    const double size = tier.group_size->value;
    if (size >= 1.0 && node >= 1.0 && !divides(size, node))
      doubts.push_back(place + "group_size " + whole(size) + " and accelerators_per_node " + whole(node) +
                       ": neither holds the other whole");
    else if (size >= 1.0 && (size < inner_size || !divides(size, inner_size)))
      doubts.push_back(place + "group_size " + whole(size) + " does not hold whole groups of " +
                       whole(inner_size) + " inside of it");
    inner_size = std::max(1.0, size);
  }
  return doubts;
}

}  // namespace trainbudget
