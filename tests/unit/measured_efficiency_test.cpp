// A synthetic measurement (tests/unit/data) as efficiencies, by hand from the rates that it was made up with.
#include "core/measured_efficiency.h"

#include "catch.h"
#include "io/accelerator_file.h"
#include "io/measurement_file.h"

#include <algorithm>

using namespace trainbudget;

namespace {

Measurement synthetic() {
  return io::read_measurement_file(TRAINBUDGET_SOURCE_DIR "/tests/unit/data/synthetic-h100-measurement.json");
}

Accelerator accelerator(const std::string& name) {
  const io::ProfileFolder folder(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  return io::find_accelerator(folder, name, {});
}

MeasuredEfficiency efficiency() {
  return measured_efficiency(synthetic(), accelerator("h100-sxm-80gb"));
}

bool remarks_mention(const MeasuredEfficiency& efficiency, const std::string& text) {
  return std::any_of(efficiency.remarks.begin(), efficiency.remarks.end(),
                     [&](const std::string& remark) { return remark.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("the ceiling of a precision is its fastest product, as a fraction of the datasheet") {
  const MeasuredEfficiency e = efficiency();
  REQUIRE(e.gemm_ceilings.size() == 2);
  const GemmCeiling& bf16 = e.gemm_ceilings[0];
  CHECK(bf16.precision == Precision::bf16);
  CHECK(bf16.shape == "gemm forward bf16 M8192 N8192 K8192");
  CHECK(bf16.flops_per_second == Approx(720e12));
  CHECK(bf16.fraction_of_peak.value.p50 == Approx(720.0 / 989.4));
  // The samples are 0.99, 0.995, 1, 1 and 1.02 of the median: their 90 % quantile is 1.012.
  CHECK(bf16.fraction_of_peak.value.p10 == Approx(720.0 / 989.4 / 1.012));
  CHECK(bf16.fraction_of_peak.value.p90 == Approx(720.0 / 989.4 / 0.992));
  CHECK(bf16.fraction_of_peak.provenance.origin == Origin::measured);
  CHECK(bf16.fraction_of_peak.provenance.date == "2026-11-24");
  CHECK(bf16.fraction_of_peak.provenance.source.find("NVIDIA H100 80GB HBM3, driver 580.82.07, CUDA 13.0") !=
        std::string::npos);
  CHECK(e.gemm_ceilings[1].fraction_of_peak.value.p50 == Approx(1250.0 / 1979.0));
  CHECK(e.gemm_points.size() == 5);
}

TEST_CASE("memory is judged by streams that no cache can hold") {
  const MeasuredEfficiency e = efficiency();
  REQUIRE(e.memory_fraction);
  // The copy of 8 MB runs at 9 TB/s, out of the cache.
  CHECK(e.memory_fraction->value.p50 == Approx(2.9 / 3.35));
  REQUIRE(e.elementwise_fraction);
  CHECK(e.elementwise_fraction->value.p50 == Approx((2.4 + 2.7) / 2.0 / 3.35));
}

TEST_CASE("timings after a flush of the cache are of no launch of a step") {
  Measurement m = synthetic();
  const MeasuredEfficiency before = efficiency();
  for (MeasuredGemm gemm : std::vector<MeasuredGemm>(m.gemms)) {
    gemm.mode = "cold";
    for (double& sample : gemm.timing.samples)
      sample *= 0.9;
    m.gemms.push_back(gemm);
  }
  for (MeasuredKernel kernel : std::vector<MeasuredKernel>(m.kernels)) {
    kernel.mode = "cold";
    for (double& sample : kernel.timing.samples)
      sample *= kernel.group == "stream" ? 0.95 : 3.0;
    m.kernels.push_back(kernel);
  }
  const MeasuredEfficiency after = measured_efficiency(m, accelerator("h100-sxm-80gb"));
  CHECK(after.gemm_points.size() == before.gemm_points.size());
  CHECK(after.gemm_ceilings[0].fraction_of_peak.value == before.gemm_ceilings[0].fraction_of_peak.value);
  CHECK(after.memory_fraction->value == before.memory_fraction->value);
  CHECK(after.elementwise_fraction->value == before.elementwise_fraction->value);
}

TEST_CASE("a quick measurement says that it is one, and a broken one what it lacks") {
  Measurement m = synthetic();
  CHECK(remarks_mention(measured_efficiency(m, accelerator("h100-sxm-80gb")), "a quick measurement"));
  m.effort = "full";
  m.failures.clear();
  CHECK_FALSE(remarks_mention(measured_efficiency(m, accelerator("h100-sxm-80gb")), "could not be measured"));
  m.failures = {"ceiling: no algorithm", "other: no room"};
  CHECK(remarks_mention(measured_efficiency(m, accelerator("h100-sxm-80gb")),
                        "could not be measured: 2, the first: ceiling: no algorithm"));
  CHECK_FALSE(remarks_mention(measured_efficiency(m, accelerator("h100-sxm-80gb")), "a quick measurement"));
}

TEST_CASE("a recurrence becomes a table over B·H and T with its waves") {
  const MeasuredEfficiency e = efficiency();
  REQUIRE(e.wkv.size() == 2);
  const WkvTable& backward = e.wkv[0];
  CHECK(backward.kernel == "wkv7_backward");
  CHECK(backward.resident_heads == 528.0);
  CHECK(backward.points.size() == 8);
  // 512 heads are one wave, 1024 two; 3.4 µs a token and wave.
  CHECK(wkv_time(backward, 1024.0, 4096.0, "h100-sxm-80gb").seconds == Approx(2.0 * 4096.0 * 3.4e-6 + 5e-6));
  CHECK(wkv_time(backward, 1024.0, 2048.0, "h100-sxm-80gb").beyond.empty());
}

TEST_CASE("samples under throttling are counted, not used") {
  const MeasuredEfficiency e = efficiency();
  CHECK(e.throttled_samples == 1);
  const WkvTable& backward = e.wkv[0];
  // Its throttled sample was twice as slow; without it the median is that of the others.
  CHECK(wkv_time(backward, 512.0, 4096.0, "h100-sxm-80gb").seconds ==
        Approx((4096.0 * 3.4e-6 * (0.5 + 0.5 * 512.0 / 528.0) + 5e-6) * 0.9975).epsilon(1e-9));
  CHECK(remarks_mention(e, "1 of 160 samples"));
  CHECK(remarks_mention(e, "synthetic"));
}

TEST_CASE("launches and collectives keep their spread") {
  const MeasuredEfficiency e = efficiency();
  REQUIRE(e.eager_launch_seconds);
  CHECK(e.eager_launch_seconds->value.p50 == Approx(4.1e-6));
  REQUIRE(e.graph_launch_seconds);
  CHECK(e.graph_launch_seconds->value.p50 == Approx(1.3e-6));
  REQUIRE(e.tiers.size() == 2);
  CHECK(e.tiers[0].collective == Collective::all_reduce);
  CHECK(e.tiers[0].within_node());
  CHECK(e.tiers[0].bus_bandwidth.value.p50 == Approx(3.6e11));
  CHECK(e.tiers[0].latency.value.p50 == Approx(1.6e-5));
  CHECK_FALSE(e.tiers[1].within_node());
  CHECK(e.tiers[1].bus_bandwidth.value.p50 == Approx(4.0e10));
}

TEST_CASE("a measurement speaks for the accelerator that it names, and for no other") {
  Measurement m = synthetic();
  CHECK(mismatch(m, accelerator("h100-sxm-80gb")).empty());
  CHECK(mismatch(m, accelerator("a100-sxm-80gb")) ==
        "it was made on 'NVIDIA H100 80GB HBM3', which does not name 'a100'");
  CHECK(mismatch(m, accelerator("h100-nvl-94gb")) == "its GPU has 85 GB of memory, h100-nvl-94gb has 94 GB");
  m.device.name = "NVIDIA GeForce RTX 4090";
  m.device.memory_bytes = 25.3e9;
  CHECK(mismatch(m, accelerator("rtx-4090")).empty());
  CHECK_FALSE(mismatch(m, accelerator("rtx-3090")).empty());
  m.device.name = "NVIDIA L40S";
  m.device.memory_bytes = 47.7e9;
  CHECK_FALSE(mismatch(m, accelerator("l40")).empty());
  m.machine = "emulated";
  CHECK(mismatch(m, accelerator("l40s")).find("emulated") != std::string::npos);
}

TEST_CASE("a peak that is beaten is questioned") {
  Measurement m = synthetic();
  for (MeasuredGemm& gemm : m.gemms) {
    for (double& sample : gemm.timing.samples)
      sample *= 0.5;
  }
  CHECK(remarks_mention(measured_efficiency(m, accelerator("h100-sxm-80gb")), "right accelerator profile"));
}

TEST_CASE("bus bandwidth by nccl-tests' factors") {
  CHECK(bus_bandwidth(Collective::all_reduce, 8.0, 8e9, 1.0) == 14e9);
  CHECK(bus_bandwidth(Collective::reduce_scatter, 8.0, 8e9, 1.0) == 7e9);
  CHECK(bus_bandwidth(Collective::all_gather, 4.0, 8e9, 2.0) == 3e9);
  CHECK(bus_bandwidth(Collective::all_to_all, 2.0, 8e9, 1.0) == 4e9);
  CHECK(bus_bandwidth(Collective::send_receive, 2.0, 8e9, 1.0) == 8e9);
}
