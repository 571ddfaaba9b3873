// What a measurement changes in a profile, and what it leaves.
#include "calibration/from_measurement.h"

#include "catch.h"
#include "small_step.h"

using namespace trainbudget;

namespace {

EfficiencyProfile generic() {
  EfficiencyProfile profile = tests::small_step().profile;
  profile.accelerator = "small";
  profile.stack = "generic";
  return profile;
}

}  // namespace

TEST_CASE("measured figures take the place of fitted ones, and say so") {
  MeasuredEfficiency measured{.accelerator = "small", .device = "Small GPU", .date = "2026-11-24"};
  measured.gemm_ceilings.push_back(
      {.precision = Precision::bf16, .fraction_of_peak = {{0.78, 0.8, 0.81}, {}}});
  measured.gemm_ceilings.push_back({.precision = Precision::fp8, .fraction_of_peak = {exactly(0.6), {}}});
  // 1 + d·3/1000 = 0.8/0.5: d = 200.
  measured.gemm_points.push_back(
      {.precision = Precision::bf16, .tokens = 1000, .n = 1000, .k = 1000, .fraction_of_peak = 0.5});
  measured.memory_fraction = {{0.88, 0.9, 0.91}, {}};
  measured.elementwise_fraction = {exactly(0.75), {}};
  // Two waves over 512 tokens in 1024 µs: 1 µs a time step.
  measured.wkv.push_back({"wkv7_forward", "small", 64, 100, {{200, 512, 1024e-6}}});
  const EfficiencyProfile profile = measured_profile(generic(), measured, "m.json");
  const Efficiency values = profile.efficiency();
  CHECK(profile.name == "small/measured");
  CHECK(values[Parameter::matmul] == Approx(0.8));
  CHECK(values[Parameter::matmul_8_bit] == Approx(0.75));
  CHECK(values[Parameter::half_dimension] == Approx(200.0));
  CHECK(values[Parameter::memory] == Approx(0.9));
  CHECK(values[Parameter::elementwise] == Approx(1.2));
  CHECK(values[Parameter::recurrence_slots] == Approx(100.0));
  CHECK(values[Parameter::recurrence_step] == Approx(1e-6));
  REQUIRE(profile.recurrences.size() == 1);
  CHECK(profile.recurrences.front().points.front().seconds == 1024e-6);
  CHECK(profile.parameters[index_of(Parameter::matmul)].provenance.origin == Origin::measured);
  CHECK(profile.parameters[index_of(Parameter::matmul)].provenance.source == "m.json");
  CHECK(values[Parameter::tensor_exposed] == generic().efficiency()[Parameter::tensor_exposed]);
  CHECK(profile.parameters[index_of(Parameter::tensor_exposed)].provenance.origin != Origin::measured);
  CHECK(profile.step_time_spread == generic().step_time_spread);
}

TEST_CASE("a figure beyond the bounds of a parameter becomes the bound") {
  MeasuredEfficiency measured{.accelerator = "small"};
  measured.memory_fraction = {exactly(1.3), {}};
  const EfficiencyProfile profile = measured_profile(generic(), measured, "m.json");
  CHECK(profile.efficiency()[Parameter::memory] == parameter_table()[index_of(Parameter::memory)].upper);
}

TEST_CASE("channels of RWKV-4 say nothing of heads with a matrix of state") {
  MeasuredEfficiency measured{.accelerator = "small"};
  measured.wkv.push_back({"wkv4_forward", "small", 1, 20480, {{40960, 512, 100e-6}}});
  const EfficiencyProfile profile = measured_profile(generic(), measured, "m.json");
  CHECK(profile.efficiency()[Parameter::recurrence_slots] ==
        generic().efficiency()[Parameter::recurrence_slots]);
  CHECK(profile.efficiency()[Parameter::recurrence_step] ==
        generic().efficiency()[Parameter::recurrence_step]);
  CHECK(profile.recurrences.size() == 1);
}
