#include "core/tier_fit.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trainbudget {
namespace {

struct Group {
  int ranks = 0, ranks_per_node = 0;
  std::vector<const MeasuredCollective*> timings;
};

/// Rounds of the ring; zero for what is no ring.
double rounds_of(Collective collective) {
  switch (collective) {
    case Collective::all_reduce:
      return 2.0;
    case Collective::reduce_scatter:
    case Collective::all_gather:
      return 1.0;
    case Collective::all_to_all:
    case Collective::send_receive:
      return 0.0;
  }
  return 0.0;
}

double nodes_of(const Group& group) {
  return std::ceil(static_cast<double>(group.ranks) / group.ranks_per_node);
}

/// Ranks of `group` within one group of `accelerators` neighbours.
double ranks_within(const Group& group, double accelerators, double accelerators_per_node) {
  const double ranks = group.ranks;
  if (accelerators <= accelerators_per_node)
    return std::min({ranks, accelerators, static_cast<double>(group.ranks_per_node)});
  return std::min(ranks, std::floor(accelerators / accelerators_per_node) * group.ranks_per_node);
}

/// The innermost tier that holds all of `group`.
std::size_t tier_of(const Group& group, const Cluster& cluster) {
  const double per_node = cluster.accelerators_per_node.value;
  for (std::size_t i = 0; i + 1 < cluster.tiers.size(); ++i) {
    const auto& size = cluster.tiers[i].group_size;
    if (!size || ranks_within(group, size->value, per_node) >= group.ranks) return i;
  }
  return cluster.tiers.size() - 1;
}

/// What a group of ranks finds below its tier.
struct Below {
  double members = 1.0;      ///< ranks that the tiers below tie together
  double hop_seconds = 0.0;  ///< of one round within them
};

Below below(const Group& group, const Cluster& cluster, std::size_t tier, const std::vector<TierFit>& fits) {
  Below result;
  for (std::size_t i = 0; i < tier; ++i) {
    if (!cluster.tiers[i].group_size) continue;
    const double reach =
        ranks_within(group, cluster.tiers[i].group_size->value, cluster.accelerators_per_node.value);
    if (reach <= result.members) continue;
    const auto fitted =
        std::find_if(fits.begin(), fits.end(), [&](const TierFit& fit) { return fit.tier == i; });
    const double latency = fitted == fits.end() ? cluster.tiers[i].latency.value.value : fitted->latency;
    result.hop_seconds += (reach / result.members - 1.0) * latency;
    result.members = reach;
  }
  return result;
}

/// seconds = hops · latency + transfer ÷ bandwidth + fixed
struct Row {
  double hops, transfer, fixed, seconds;
};

/// Latency and 1 ÷ bandwidth that leave the least sum of squared relative errors; neither below zero.
std::pair<double, double> least_squares(const std::vector<Row>& rows) {
  double aa = 0.0, ab = 0.0, bb = 0.0, ay = 0.0, by = 0.0;
  for (const Row& row : rows) {
    const double a = row.hops / row.seconds, b = row.transfer / row.seconds;
    const double y = 1.0 - row.fixed / row.seconds;
    aa += a * a;
    ab += a * b;
    bb += b * b;
    ay += a * y;
    by += b * y;
  }
  const double determinant = aa * bb - ab * ab;
  // Messages of one size alone cannot tell the two apart: all of the time is bandwidth then.
  if (determinant > 1e-9 * aa * bb) {
    const double latency = (ay * bb - by * ab) / determinant;
    if (latency >= 0.0) return {latency, (by * aa - ay * ab) / determinant};
  }
  return {0.0, by / bb};
}

TierFit fit(const Group& group, const Cluster& cluster, std::size_t tier, const std::vector<TierFit>& inner) {
  TierFit result{.tier = tier, .ranks = group.ranks, .ranks_per_node = group.ranks_per_node};
  const Below inside = below(group, cluster, tier, inner);
  const double ranks = group.ranks;
  std::vector<Row> rows;
  rows.reserve(group.timings.size());
  for (const MeasuredCollective* timing : group.timings) {
    const double rounds = rounds_of(timing->collective);
    rows.push_back({.hops = rounds * (ranks / inside.members - 1.0),
                    .transfer = rounds * timing->bytes * (ranks - 1.0) / ranks / inside.members,
                    .fixed = rounds * inside.hop_seconds,
                    .seconds = summary_of(timing->timing).median});
  }
  const auto [latency, seconds_per_byte] = least_squares(rows);
  if (!(seconds_per_byte > 0.0)) {
    throw NoTier("the messages over " + std::to_string(group.ranks) +
                 " ranks do not take longer when they are larger: no bandwidth follows");
  }
  result.latency = latency;
  result.bandwidth = 1.0 / seconds_per_byte;
  result.messages = static_cast<int>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const double model = row.fixed + row.hops * latency + row.transfer * seconds_per_byte;
    const double error = std::abs(model / row.seconds - 1.0);
    result.mean_error += error / static_cast<double>(rows.size());
    if (error < result.largest_error) continue;
    result.largest_error = error;
    result.worst = std::string(name_of(group.timings[i]->collective)) + " of " +
                   std::to_string(std::llround(group.timings[i]->bytes)) + " bytes";
  }
  return result;
}

}  // namespace

std::vector<TierFit> fit_tiers(const Measurement& measurement, const Cluster& cluster) {
  std::map<std::pair<int, int>, Group> groups;
  for (const MeasuredCollective& each : measurement.collectives) {
    if (rounds_of(each.collective) == 0.0) continue;
    const int per_node = std::min(each.ranks, each.ranks_per_node);
    if (per_node > cluster.accelerators_per_node.value) {
      throw NoTier(std::to_string(per_node) + " ranks shared a node, " + cluster.name + " has " +
                   std::to_string(std::llround(cluster.accelerators_per_node.value)) +
                   " accelerators in one");
    }
    Group& group = groups[{each.ranks, per_node}];
    group.ranks = each.ranks;
    group.ranks_per_node = per_node;
    group.timings.push_back(&each);
  }
  if (groups.empty()) throw NoTier("it holds no all-reduce, reduce-scatter or all-gather");
  // By tier, the group with most ranks within it; of equal ones the one that spreads least over nodes.
  std::map<std::size_t, const Group*> speaking;
  for (const auto& [key, group] : groups) {
    const Group*& known = speaking[tier_of(group, cluster)];
    if (known == nullptr || group.ranks > known->ranks || nodes_of(group) < nodes_of(*known)) known = &group;
  }
  std::vector<TierFit> fits;
  fits.reserve(speaking.size());
  for (const auto& [tier, group] : speaking)
    fits.push_back(fit(*group, cluster, tier, fits));
  return fits;
}

Cluster with_tiers(Cluster cluster, const std::vector<TierFit>& fits, const Measurement& measurement) {
  for (const TierFit& fit : fits) {
    Tier& tier = cluster.tiers[fit.tier];
    const auto percent = [](double fraction) {
      return std::to_string(std::llround(100.0 * fraction)) + " %";
    };
    const Provenance measured{
        .origin = Origin::measured,
        .source = "trainbudget-microbench " + measurement.version + " collectives on " +
                  measurement.device.name + ", driver " + measurement.device.driver_version + ", " +
                  measurement.collectives.front().library,
        .date = measurement.date,
        .note = std::to_string(fit.messages) + " timings over " + std::to_string(fit.ranks) + " ranks, " +
                std::to_string(fit.ranks_per_node) + " a node; the fit is off by " + percent(fit.mean_error) +
                " in the mean, " + percent(fit.largest_error) + " at most"};
    tier.bandwidth = {BytesPerSecond(fit.bandwidth), measured};
    if (fit.latency > 0.0) tier.latency = {Seconds(fit.latency), measured};
  }
  return cluster;
}

}  // namespace trainbudget
