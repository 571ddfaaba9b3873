// Every cluster file loads and agrees with the accelerator that it is built from.
#include "catch.h"
#include "io/file.h"
#include "profiles.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <unistd.h>

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

TEST_CASE("every cluster is the same after it was written and read again") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("trainbudget-clusters-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  for (const std::string& name : profiles::folder().names(io::cluster_profiles)) {
    INFO(name);
    const Cluster before = io::find_cluster(profiles::folder(), name, {});
    const std::string file = (folder / (name + ".yaml")).string();
    io::write_file(file, io::write_cluster_profile(before));
    // A file by its name, too.
    const Cluster after = io::find_cluster(profiles::folder(), file, {});
    CHECK(after.name == before.name);
    CHECK(after.title == before.title);
    CHECK(after.accelerator == before.accelerator);
    CHECK(after.provider == before.provider);
    CHECK(after.instance == before.instance);
    CHECK(after.aliases == before.aliases);
    CHECK(after.notes == before.notes);
    CHECK(after.accelerators_per_node.value == before.accelerators_per_node.value);
    REQUIRE(after.tiers.size() == before.tiers.size());
    for (std::size_t i = 0; i < before.tiers.size(); ++i) {
      const Tier& was = before.tiers[i];
      const Tier& is = after.tiers[i];
      CHECK(is.name == was.name);
      CHECK(is.note == was.note);
      CHECK(is.group_size.has_value() == was.group_size.has_value());
      if (was.group_size) CHECK(is.group_size->value == was.group_size->value);
      CHECK(is.bandwidth.value.value == Approx(was.bandwidth.value.value).epsilon(1e-6));
      CHECK(is.latency.value.value == Approx(was.latency.value.value).epsilon(1e-4));
      CHECK(is.bandwidth.provenance.origin == was.bandwidth.provenance.origin);
      CHECK(is.bandwidth.provenance.source == was.bandwidth.provenance.source);
      CHECK(is.bandwidth.provenance.date == was.bandwidth.provenance.date);
      CHECK(is.bandwidth.provenance.note == was.bandwidth.provenance.note);
    }
    CHECK(after.overhead_power.has_value() == before.overhead_power.has_value());
    if (before.overhead_power)
      CHECK(after.overhead_power->value.value == Approx(before.overhead_power->value.value));
    if (before.rated_power) CHECK(after.rated_power->value.value == Approx(before.rated_power->value.value));
  }
  std::filesystem::remove_all(folder);
}
