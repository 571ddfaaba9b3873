// Bytes to seconds over a tiered network. A group of ranks is `size` of them, `stride` apart in the order in
// which ranks are placed (core/layout.h).
#pragma once

#include "core/efficiency.h"
#include "core/machine.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

namespace trainbudget {

struct RankGroup {
  double size = 1.0;
  double stride = 1.0;
  double ranks = std::numeric_limits<double>::infinity();  ///< of the whole run
};

/// What one byte costs in a ring over a group, and one round of latency; the fractions of the datasheet
/// bandwidth that a stack reaches are already in it.
struct RingCost {
  double seconds_per_byte = 0.0;  ///< of the slowest link that the ring crosses
  double latency = 0.0;           ///< seconds of one round trip of the ring, hop by hop
};

/// A bandwidth fraction and a latency factor by tier: index 0 is the innermost of `fabric`, the last the
/// scale-out.
struct FabricEfficiency {
  double scale_up = 1.0;
  double scale_out = 1.0;
  double latency = 1.0;
};

inline FabricEfficiency fabric_efficiency(const Efficiency& efficiency) {
  return {.scale_up = efficiency[Parameter::scale_up],
          .scale_out = efficiency[Parameter::scale_out],
          .latency = efficiency[Parameter::latency]};
}

/// What the links of one tier give to a stack: bytes/s, and seconds of one hop.
struct LinkRate {
  double bandwidth = 0.0;
  double latency = 0.0;
};

/// A measured tier is what it is: no fraction is taken of it.
inline LinkRate link_rate(const Fabric& fabric, const FabricEfficiency& efficiency, int tier) {
  const Link& link = fabric.links[static_cast<std::size_t>(tier)];
  if (link.measured) return {link.bandwidth, link.latency};
  const bool outermost = tier > 0 && tier == fabric.tiers - 1;
  return {link.bandwidth * (outermost ? efficiency.scale_out : efficiency.scale_up),
          link.latency * efficiency.latency};
}

/// Members of every group of ranks that one group of a tier holds, of which the tier below holds `inside`.
/// Groups begin wherever the one before them ended: where they do not divide a server, one of them lies
/// across two, with as few members in one of these as the greatest common divisor leaves, and sets the pace.
inline double members_within(const Link& link, const RankGroup& group, double inside) {
  if (link.group >= group.ranks) return group.size;
  const double reach = std::min(group.size, std::max(inside, link.group / group.stride));
  if (!link.server) return reach;
  const auto span = static_cast<std::int64_t>(group.size * group.stride);
  const auto whole = static_cast<double>(std::gcd(span, static_cast<std::int64_t>(link.group)));
  return std::clamp(std::floor(whole / group.stride), inside, reach);
}

/// What is left of a link between `members` of a mesh: each has a link to each of the others.
inline double mesh_share(const Link& link, double members) {
  return link.mesh && members < link.group ? (members - 1.0) / (link.group - 1.0) : 1.0;
}

/// A ring over `group`. A tier whose groups hold `inside` of its members carries the ring's traffic over the
/// links of all of those members at once (NCCL opens a ring per link), so that a byte costs 1 ÷ (inside ×
/// bandwidth) at the tier above. The slowest tier sets the pace; hops of all tiers add to the latency.
inline RingCost ring_cost(const Fabric& fabric, const FabricEfficiency& efficiency, const RankGroup& group) {
  RingCost cost;
  double inside = 1.0;  // members of the ring within one group of the tier below
  for (int i = 0; i < fabric.tiers && inside < group.size; ++i) {
    const Link& link = fabric.links[static_cast<std::size_t>(i)];
    const double reach = members_within(link, group, inside);
    if (reach <= inside) continue;
    const LinkRate rate = link_rate(fabric, efficiency, i);
    cost.seconds_per_byte =
        std::max(cost.seconds_per_byte, 1.0 / (rate.bandwidth * mesh_share(link, reach) * inside));
    cost.latency += (reach / inside - 1.0) * rate.latency;
    inside = reach;
  }
  return cost;
}

// Time of a collective whose result (all-gather), input (reduce-scatter) or both (all-reduce, all-to-all) is
// `bytes` on each rank: (n − 1)/n of it crosses a link once, twice for an all-reduce (Patarasuk and Yuan
// 2009; nccl-tests, doc/PERFORMANCE.md).
inline double all_gather_time(const RingCost& cost, double size, double bytes) {
  return size <= 1.0 ? 0.0 : bytes * (size - 1.0) / size * cost.seconds_per_byte + cost.latency;
}
inline double reduce_scatter_time(const RingCost& cost, double size, double bytes) {
  return all_gather_time(cost, size, bytes);
}
inline double all_reduce_time(const RingCost& cost, double size, double bytes) {
  return 2.0 * all_gather_time(cost, size, bytes);
}

/// An all-to-all in which each rank sends `bytes` away: it has no ring, so that what leaves a tier's group
/// shares that accelerator's own link. The bytes are `copies` of the same data for random ranks, of which a
/// group of ranks is sent only one to pass on (DeepSeek-V3, arXiv 2412.19437, §3.2.2): among g groups,
/// (g − 1)(1 − (1 − 1/g)^copies) other ones are reached; of one copy, (g − 1)/g leaves.
inline double all_to_all_time(const Fabric& fabric, const FabricEfficiency& efficiency,
                              const RankGroup& group, double bytes, double copies = 1.0) {
  if (group.size <= 1.0) return 0.0;
  double inside = 1.0;
  double time = 0.0;
  double latency = 0.0;
  for (int i = 0; i < fabric.tiers && inside < group.size; ++i) {
    const Link& link = fabric.links[static_cast<std::size_t>(i)];
    const double reach = members_within(link, group, inside);
    if (reach <= inside) continue;
    const LinkRate rate = link_rate(fabric, efficiency, i);
    const double groups = group.size / inside;
    const double reached = (groups - 1.0) * (1.0 - std::pow(1.0 - 1.0 / groups, copies)) / copies;
    time = std::max(time, bytes * reached / (rate.bandwidth * mesh_share(link, reach)));
    latency = rate.latency;
    inside = reach;
  }
  return time + latency;
}

/// `bytes` to a rank `distance` away.
inline double point_to_point_time(const Fabric& fabric, const FabricEfficiency& efficiency, double distance,
                                  double bytes) {
  for (int i = 0; i < fabric.tiers; ++i) {
    const Link& link = fabric.links[static_cast<std::size_t>(i)];
    if (distance >= link.group) continue;
    const LinkRate rate = link_rate(fabric, efficiency, i);
    return bytes / (rate.bandwidth * mesh_share(link, 2.0)) + rate.latency;
  }
  return 0.0;
}

}  // namespace trainbudget
