// Tiers from collectives whose times were made by the ring model, by hand.
#include "core/tier_fit.h"

#include "catch.h"
#include "core/collectives.h"
#include "core/machine.h"

using namespace trainbudget;

namespace {

MeasuredCollective timed(Collective collective, int ranks, int per_node, double bytes, double seconds) {
  return {.collective = collective,
          .library = "NCCL 2.28.9",
          .ranks = ranks,
          .ranks_per_node = per_node,
          .bytes = bytes,
          .timing = {.samples = {seconds, seconds, seconds}, .stop = "precise"}};
}

template <class Q>
Sourced<Q> stated(double value) {
  return {Q(value), {.origin = Origin::datasheet, .source = "a datasheet"}};
}

/// Nodes of eight; 450 GB/s and 3 µs inside, 50 GB/s and 14 µs between them, as a datasheet says.
Cluster pod() {
  Cluster cluster{.name = "pod", .title = "Pod", .accelerator = "h100-sxm-80gb"};
  cluster.accelerators_per_node = stated<double>(8);
  cluster.tiers = {
      {.name = "nvlink",
       .group_size = stated<double>(8),
       .bandwidth = stated<BytesPerSecond>(450e9),
       .latency = stated<Seconds>(3e-6)},
      {.name = "fabric", .bandwidth = stated<BytesPerSecond>(50e9), .latency = stated<Seconds>(14e-6)}};
  return cluster;
}

/// All-gathers and all-reduces over `ranks` that take as long as a ring of these links.
void add_ring(Measurement& measurement, int ranks, int per_node, double seconds_per_byte,
              double hops_seconds) {
  for (const double bytes : {8192.0, 1e6, 64e6, 1e9}) {
    const double once = hops_seconds + bytes * (ranks - 1.0) / ranks * seconds_per_byte;
    measurement.collectives.push_back(timed(Collective::all_gather, ranks, per_node, bytes, once));
    measurement.collectives.push_back(timed(Collective::all_reduce, ranks, per_node, bytes, 2.0 * once));
    // What is no ring does not count.
    measurement.collectives.push_back(timed(Collective::send_receive, ranks, per_node, bytes, 9.0));
  }
}

}  // namespace

TEST_CASE("a tier that behaves as the ring model says is found exactly") {
  Measurement measurement;
  // 400 GB/s, seven hops of 2 µs.
  add_ring(measurement, 8, 8, 1.0 / 400e9, 14e-6);
  const std::vector<TierFit> fits = fit_tiers(measurement, pod());
  REQUIRE(fits.size() == 1);
  CHECK(fits[0].tier == 0);
  CHECK(fits[0].bandwidth == Approx(400e9));
  CHECK(fits[0].latency == Approx(2e-6));
  CHECK(fits[0].messages == 8);
  CHECK(fits[0].largest_error < 1e-9);
}

TEST_CASE("between nodes the links of all members carry the ring, and hops inside are taken off") {
  Measurement measurement;
  add_ring(measurement, 8, 8, 1.0 / 400e9, 14e-6);
  // Four nodes of eight: 8 links of 40 GB/s; 7 hops of 2 µs inside and 3 of 10 µs outside.
  add_ring(measurement, 32, 8, 1.0 / 320e9, 14e-6 + 30e-6);
  const std::vector<TierFit> fits = fit_tiers(measurement, pod());
  REQUIRE(fits.size() == 2);
  CHECK(fits[1].tier == 1);
  CHECK(fits[1].bandwidth == Approx(40e9));
  CHECK(fits[1].latency == Approx(10e-6));
  // Without the measurement inside, the profile's 3 µs a hop count there: 44 − 21 = 23 µs over 3 hops.
  Measurement outside;
  add_ring(outside, 32, 8, 1.0 / 320e9, 44e-6);
  CHECK(fit_tiers(outside, pod())[0].latency == Approx(23e-6 / 3.0));
  // One rank a node: one link, no hop inside.
  Measurement sparse;
  add_ring(sparse, 4, 1, 1.0 / 40e9, 30e-6);
  CHECK(fit_tiers(sparse, pod())[0].tier == 1);
  CHECK(fit_tiers(sparse, pod())[0].bandwidth == Approx(40e9));
  CHECK(fit_tiers(sparse, pod())[0].latency == Approx(10e-6));
}

TEST_CASE("the largest group of a tier speaks for it") {
  Measurement measurement;
  add_ring(measurement, 8, 8, 1.0 / 400e9, 14e-6);
  add_ring(measurement, 2, 2, 1.0 / 100e9, 1e-6);
  const std::vector<TierFit> fits = fit_tiers(measurement, pod());
  REQUIRE(fits.size() == 1);
  CHECK(fits[0].ranks == 8);
  CHECK(fits[0].bandwidth == Approx(400e9));
}

TEST_CASE("what does not follow the model is fitted by relative error and says how far it is off") {
  Measurement measurement;
  add_ring(measurement, 8, 8, 1.0 / 400e9, 14e-6);
  MeasuredCollective slow = timed(Collective::all_gather, 8, 8, 4e6, 10.0 * (14e-6 + 3.5e6 / 400e9));
  measurement.collectives.push_back(slow);
  const TierFit fit = fit_tiers(measurement, pod())[0];
  CHECK(fit.largest_error > 0.5);
  CHECK(fit.worst == "all_gather of 4000000 bytes");
  CHECK(fit.bandwidth == Approx(400e9).epsilon(0.05));
}

TEST_CASE("messages of one size leave the latency at zero, and the profile's stays") {
  Measurement measurement{.version = "1", .date = "2026-11-26"};
  measurement.collectives = {timed(Collective::all_gather, 8, 8, 1e9, 2.5e-3)};
  const std::vector<TierFit> fits = fit_tiers(measurement, pod());
  CHECK(fits[0].latency == 0.0);
  CHECK(fits[0].bandwidth == Approx(0.875e9 / 2.5e-3));
  const Cluster cluster = with_tiers(pod(), fits, measurement);
  CHECK(cluster.tiers[0].bandwidth.value.value == Approx(350e9));
  CHECK(cluster.tiers[0].bandwidth.provenance.origin == Origin::measured);
  CHECK(cluster.tiers[0].latency.value.value == 3e-6);
  CHECK(cluster.tiers[0].latency.provenance.origin == Origin::datasheet);
  CHECK(cluster.tiers[1].bandwidth.provenance.origin == Origin::datasheet);
}

TEST_CASE("what speaks for no tier is refused") {
  Measurement none;
  none.collectives = {timed(Collective::send_receive, 8, 8, 1e9, 1.0)};
  CHECK_THROWS_AS(fit_tiers(none, pod()), NoTier);
  Measurement crowded;
  add_ring(crowded, 16, 16, 1.0 / 400e9, 14e-6);
  CHECK_THROWS_AS(fit_tiers(crowded, pod()), NoTier);
}

TEST_CASE("what is trained in more than 16 bit has its attention and head at the rate of as many") {
  Accelerator accelerator;
  const auto peak = [&](Precision precision) -> auto& {
    return accelerator.peak[static_cast<std::size_t>(precision)];
  };
  peak(Precision::bf16) = stated<FlopsPerSecond>(1e15);
  peak(Precision::fp8) = stated<FlopsPerSecond>(2e15);
  peak(Precision::tf32) = stated<FlopsPerSecond>(5e14);
  peak(Precision::fp32) = stated<FlopsPerSecond>(6e13);
  const auto wide = [&](Precision precision) { return machine_of(accelerator, pod(), precision)->wide_peak; };
  CHECK(wide(Precision::fp8) == 1e15);
  CHECK(wide(Precision::bf16) == 1e15);
  CHECK(wide(Precision::tf32) == 5e14);
  CHECK(wide(Precision::fp32) == 6e13);
}

TEST_CASE("of a measured tier no fraction is taken") {
  Measurement measurement{.version = "1", .date = "2026-11-26"};
  add_ring(measurement, 8, 8, 1.0 / 400e9, 14e-6);
  const Cluster cluster = with_tiers(pod(), fit_tiers(measurement, pod()), measurement);
  Accelerator accelerator;
  accelerator.peak[static_cast<std::size_t>(Precision::bf16)] = stated<FlopsPerSecond>(1e15);
  const Machine machine = machine_of(accelerator, cluster, Precision::bf16).value();
  const FabricEfficiency half{.scale_up = 0.5, .scale_out = 0.5, .latency = 3.0};
  const RingCost inside = ring_cost(machine.fabric, half, {.size = 8});
  CHECK(inside.seconds_per_byte == Approx(1.0 / 400e9));
  CHECK(inside.latency == Approx(14e-6));
  // The tier above is still the datasheet's: 8 links of 25 GB/s.
  CHECK(ring_cost(machine.fabric, half, {.size = 16}).seconds_per_byte == Approx(1.0 / 200e9));
  CHECK(point_to_point_time(machine.fabric, half, 1, 4e9) == Approx(0.01 + 2e-6));
}
