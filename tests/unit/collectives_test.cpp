// Bytes to seconds over a tiered network, by hand.
#include "core/collectives.h"

#include "catch.h"

#include <limits>

using namespace trainbudget;

namespace {

/// Nodes of eight at 100 GB/s and 1 µs a hop; 10 GB/s and 5 µs between them.
Fabric two_tiers() {
  Fabric fabric;
  fabric.tiers = 2;
  fabric.links[0] = {.group = 8, .bandwidth = 100e9, .latency = 1e-6, .server = true};
  fabric.links[1] = {.group = std::numeric_limits<double>::infinity(), .bandwidth = 10e9, .latency = 5e-6};
  return fabric;
}

constexpr FabricEfficiency ideal{};

}  // namespace

TEST_CASE("a ring within a node runs at the node's bandwidth and pays its hops") {
  const RingCost cost = ring_cost(two_tiers(), ideal, {.size = 8});
  CHECK(cost.seconds_per_byte == Approx(1.0 / 100e9));
  CHECK(cost.latency == Approx(7e-6));
  // All-reduce: 2 × 7/8 of the bytes cross each link.
  CHECK(all_reduce_time(cost, 8, 1e9) == Approx(2.0 * (0.875 * 0.01 + 7e-6)));
  CHECK(all_gather_time(cost, 8, 1e9) == Approx(0.875 * 0.01 + 7e-6));
}

TEST_CASE("a ring over nodes uses the links of all its members in a node") {
  // 16 ranks, 8 to a node: 8 links of 10 GB/s carry the ring between two nodes.
  const RingCost dense = ring_cost(two_tiers(), ideal, {.size = 16});
  CHECK(dense.seconds_per_byte == Approx(1.0 / 80e9));
  CHECK(dense.latency == Approx(7e-6 + 5e-6));
  // One rank a node: a single link, and no hop inside.
  const RingCost sparse = ring_cost(two_tiers(), ideal, {.size = 4, .stride = 8});
  CHECK(sparse.seconds_per_byte == Approx(1.0 / 10e9));
  CHECK(sparse.latency == Approx(3 * 5e-6));
  // Two a node.
  const RingCost mixed = ring_cost(two_tiers(), ideal, {.size = 8, .stride = 4});
  CHECK(mixed.seconds_per_byte == Approx(1.0 / 20e9));
}

TEST_CASE("a group that does not divide a server lies across two, and its smallest part sets the pace") {
  // Six and six of twelve: the second six are ranks 6 to 11, two of them on the first server.
  const RingCost six = ring_cost(two_tiers(), ideal, {.size = 6, .ranks = 12});
  CHECK(six.seconds_per_byte == Approx(1.0 / (2 * 10e9)));
  CHECK(ring_cost(two_tiers(), ideal, {.size = 3, .ranks = 12}).seconds_per_byte == Approx(1.0 / 10e9));
  // Ranks 0 to 11 and 12 to 23: four of them are alone on a server.
  CHECK(ring_cost(two_tiers(), ideal, {.size = 12, .ranks = 24}).seconds_per_byte ==
        Approx(1.0 / (4 * 10e9)));
  // All ranks of the run on one server are inside it.
  CHECK(ring_cost(two_tiers(), ideal, {.size = 6, .ranks = 6}).seconds_per_byte == Approx(1.0 / 100e9));
  CHECK(all_to_all_time(two_tiers(), ideal, {.size = 6, .ranks = 12}, 1e9) >
        all_to_all_time(two_tiers(), ideal, {.size = 6, .ranks = 6}, 1e9));
  // Of a larger domain some are passed over: racks of 72 are used as 64.
  Fabric racks = two_tiers();
  racks.links[0].group = 72;
  racks.links[0].server = false;
  CHECK(ring_cost(racks, ideal, {.size = 64, .ranks = 256}).seconds_per_byte == Approx(1.0 / 100e9));
}

TEST_CASE("of a mesh, two of eight have one link of seven") {
  Fabric mesh = two_tiers();
  mesh.links[0].mesh = true;
  CHECK(ring_cost(mesh, ideal, {.size = 8}).seconds_per_byte == Approx(1.0 / 100e9));
  CHECK(ring_cost(mesh, ideal, {.size = 4}).seconds_per_byte == Approx(7.0 / 3.0 / 100e9));
  CHECK(ring_cost(mesh, ideal, {.size = 2}).seconds_per_byte == Approx(7.0 / 100e9));
  CHECK(all_to_all_time(mesh, ideal, {.size = 4}, 1e9) == Approx(0.75 * 7.0 / 3.0 * 0.01 + 1e-6));
  CHECK(point_to_point_time(mesh, ideal, 4, 1e9) == Approx(0.07 + 1e-6));
  // Over servers all eight of one take part.
  CHECK(ring_cost(mesh, ideal, {.size = 16}).seconds_per_byte == Approx(1.0 / 80e9));
}

TEST_CASE("achieved fractions divide the bandwidth of their own tier") {
  const FabricEfficiency achieved{.scale_up = 0.8, .scale_out = 0.5, .latency = 2.0};
  CHECK(ring_cost(two_tiers(), achieved, {.size = 8}).seconds_per_byte == Approx(1.0 / 80e9));
  CHECK(ring_cost(two_tiers(), achieved, {.size = 8}).latency == Approx(14e-6));
  CHECK(ring_cost(two_tiers(), achieved, {.size = 4, .stride = 8}).seconds_per_byte == Approx(1.0 / 5e9));
}

TEST_CASE("an all-to-all sends what leaves a node over each rank's own link") {
  // 16 ranks of 1 GB: 8/16 leave the node at 10 GB/s; 15/16 cross the link inside at 100 GB/s.
  CHECK(all_to_all_time(two_tiers(), ideal, {.size = 16}, 1e9) == Approx(0.05 + 5e-6));
  CHECK(all_to_all_time(two_tiers(), ideal, {.size = 8}, 1e9) == Approx(0.875 * 0.01 + 1e-6));
  CHECK(all_to_all_time(two_tiers(), ideal, {.size = 1}, 1e9) == 0.0);
}

TEST_CASE("a transfer takes the innermost tier that reaches the other rank") {
  CHECK(point_to_point_time(two_tiers(), ideal, 4, 1e9) == Approx(0.01 + 1e-6));
  CHECK(point_to_point_time(two_tiers(), ideal, 8, 1e9) == Approx(0.1 + 5e-6));
}

TEST_CASE("a group of one communicates nothing") {
  CHECK(all_reduce_time(ring_cost(two_tiers(), ideal, {}), 1, 1e9) == 0.0);
}
