// Every cluster file loads and agrees with the accelerator that it is built from.
#include "catch.h"
#include "profiles.h"

#include <algorithm>
#include <set>

using namespace trainbudget;

TEST_CASE("every cluster loads and is built from a known accelerator") {
  const auto accelerators = profiles::folder().names("accelerators");
  const auto clusters = profiles::all_clusters();
  CHECK(clusters.size() == 62);
  for (const Cluster& cluster : clusters) {
    INFO(cluster.name);
    CHECK(std::find(accelerators.begin(), accelerators.end(), cluster.accelerator) != accelerators.end());
    CHECK(cluster.accelerators_per_node.value >= 1.0);
    CHECK(cluster.accelerators_per_node.value <= 16.0);
    CHECK_FALSE(cluster.accelerators_per_node.provenance.source.empty());
  }
}

TEST_CASE("tiers grow outwards and slow down, and only the last has no limit") {
  for (const Cluster& cluster : profiles::all_clusters()) {
    INFO(cluster.name);
    REQUIRE_FALSE(cluster.tiers.empty());
    double inner_size = 1.0;
    double inner_bandwidth = 1e15;
    double inner_latency = 0.0;
    std::set<std::string> names;
    for (const Tier& tier : cluster.tiers) {
      INFO(tier.name);
      CHECK(names.insert(tier.name).second);
      CHECK(tier.group_size.has_value() == (&tier != &cluster.tiers.back()));
      if (tier.group_size) {
        CHECK(tier.group_size->value > inner_size);
        inner_size = tier.group_size->value;
      }
      CHECK(tier.bandwidth.value.value <= inner_bandwidth);
      CHECK(tier.bandwidth.value.value >= 0.5e9);
      CHECK(tier.latency.value.value >= inner_latency);
      CHECK(tier.latency.value.value >= 0.1e-6);
      CHECK(tier.latency.value.value <= 100e-6);
      CHECK_FALSE(tier.bandwidth.provenance.source.empty());
      CHECK_FALSE(tier.latency.provenance.source.empty());
      inner_bandwidth = tier.bandwidth.value.value;
      inner_latency = tier.latency.value.value;
    }
  }
}

TEST_CASE("the innermost tier is the scale-up link of the accelerator") {
  for (const Cluster& cluster : profiles::all_clusters()) {
    const Accelerator gpu = io::find_accelerator(profiles::folder(), cluster.accelerator, {});
    if (cluster.tiers.size() < 2) continue;  // no link but the network
    INFO(cluster.name);
    CHECK(cluster.tiers.front().bandwidth.value == gpu.scale_up.bandwidth.value);
  }
}

TEST_CASE("a node draws more than its accelerators, and not twice as much for nothing") {
  for (const Cluster& cluster : profiles::all_clusters()) {
    const Accelerator gpu = io::find_accelerator(profiles::folder(), cluster.accelerator, {});
    INFO(cluster.name);
    if (!gpu.tdp) continue;
    const double accelerators = cluster.accelerators_per_node.value * gpu.tdp->value.value;
    if (cluster.overhead_power) {
      CHECK(cluster.overhead_power->value.value >= 0.2 * accelerators);
      CHECK(cluster.overhead_power->value.value <= accelerators);
    }
    if (cluster.rated_power) {
      CHECK(cluster.rated_power->value.value > accelerators);
      CHECK(cluster.rated_power->value.value <= 2.2 * accelerators);
    }
  }
}

TEST_CASE("overheads in use follow from the rating as their source says") {
  for (const char* name : {"dgx-a100-80gb", "dgx-h100", "dgx-b200"}) {
    const Cluster cluster = io::find_cluster(profiles::folder(), name, {});
    const Accelerator gpu = io::find_accelerator(profiles::folder(), cluster.accelerator, {});
    const double derived = 0.76 * cluster.rated_power->value.value - 0.8 * 8 * gpu.tdp->value.value;
    INFO(name);
    CHECK(cluster.overhead_power->value.value == Approx(derived).epsilon(0.005));
  }
}

TEST_CASE("AWS p4d is eight A100 of 40 GB behind 400 Gb/s") {
  const Cluster p4d = io::find_cluster(profiles::folder(), "p4d.24xlarge", {});
  CHECK(p4d.name == "aws-p4d");
  CHECK(p4d.provider == "aws");
  CHECK(p4d.accelerator == "a100-sxm-40gb");
  CHECK(p4d.tiers.size() == 2);
  CHECK(p4d.tiers[0].group_size->value == 8.0);
  CHECK(p4d.tiers[1].bandwidth.value.value * 8 * p4d.accelerators_per_node.value == Approx(400e9));
}
