// What a measurement changes in a profile, and what it leaves.
#include "calibration/from_measurement.h"

#include "catch.h"
#include "core/quantile.h"
#include "small_step.h"

#include <cmath>

using namespace trainbudget;

namespace {

EfficiencyProfile generic() {
  EfficiencyProfile profile = tests::small_step().profile;
  profile.accelerator = "small";
  profile.stack = "generic";
  return profile;
}

constexpr double peak = 300e12, memory_rate = 0.9 * 2e12;

/// A product that takes what the model of a step says, by hand.
GemmPoint product(Precision precision, double m, double n, double k, double fraction, double d) {
  const double bytes = precision == Precision::fp8 ? 1.0 : 2.0;
  const double arithmetic = 2.0 * m * n * k / (peak * fraction) * (1.0 + d / m + d / n + d / k);
  const double traffic = (bytes * (m * k + n * k) + 2.0 * m * n) / memory_rate;
  const double seconds = std::pow(std::pow(arithmetic, 4.0) + std::pow(traffic, 4.0), 0.25);
  return {.precision = precision,
          .tokens = m,
          .n = n,
          .k = k,
          .seconds = seconds,
          .fraction_of_peak = 2.0 * m * n * k / peak / seconds};
}

}  // namespace

TEST_CASE("measured figures take the place of fitted ones, and say so") {
  MeasuredEfficiency measured{
      .accelerator = "small", .device = "Small GPU", .date = "2026-11-24", .memory_bandwidth = 2e12};
  // An endless product at 0.8 of a peak of 300 TFLOP/s, d = 50; half of that in fp8, whose fall is twice as
  // deep.
  for (const double size : {512.0, 1024.0, 2048.0, 8192.0})
    measured.gemm_points.push_back(product(Precision::bf16, size, size, size, 0.8, 50.0));
  measured.gemm_points.push_back(product(Precision::fp8, 8192.0, 8192.0, 8192.0, 0.6, 100.0));
  // Two products with a small inner dimension, whose bytes take most of their time.
  for (const double n : {2048.0, 4096.0})
    measured.gemm_points.push_back(product(Precision::bf16, 8192.0, n, 32.0, 0.8, 50.0));
  measured.memory_fraction = {{0.88, 0.9, 0.91}, {}};
  measured.elementwise_fraction = {exactly(0.75), {}};
  // Two waves over 512 tokens in 1024 µs: 1 µs a time step.
  measured.wkv.push_back({"wkv7_forward", "small", 64, 100, {{200, 512, 1024e-6}}});
  const EfficiencyProfile profile = measured_profile(generic(), measured, "m.json");
  const Efficiency values = profile.efficiency();
  CHECK(profile.name == "small/measured");
  CHECK(values[Parameter::matmul] == Approx(0.8).epsilon(0.01));
  CHECK(values[Parameter::matmul_8_bit] == Approx(0.75).epsilon(0.01));
  CHECK(values[Parameter::half_dimension] == Approx(50.0).epsilon(0.03));
  CHECK(values[Parameter::time_factor] == Approx(1.0));
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

TEST_CASE("a figure beyond the bounds of a parameter stays just inside, where its spread still moves it") {
  MeasuredEfficiency measured{.accelerator = "small"};
  measured.memory_fraction = {exactly(1.3), {}};
  const EfficiencyProfile profile = measured_profile(generic(), measured, "m.json");
  const ParameterRow& row = parameter_table()[index_of(Parameter::memory)];
  const ProfileParameter& memory = profile.parameters[index_of(Parameter::memory)];
  CHECK(memory.value == Approx(row.upper).epsilon(0.005));
  CHECK(memory.value < row.upper);
  const double low = value_at(row, coordinate_of(row, memory.value) - p90_deviations * memory.spread);
  CHECK(low < memory.value);
}

TEST_CASE("channels of RWKV-4 say nothing of heads with a matrix of state") {
  MeasuredEfficiency measured{.accelerator = "small"};
  measured.wkv.push_back({"wkv4_forward", "small", 1, 20480, {{40960, 512, 100e-6}}});
  const EfficiencyProfile profile = measured_profile(generic(), measured, "m.json");
  CHECK(profile.efficiency()[Parameter::recurrence_slots] ==
        generic().efficiency()[Parameter::recurrence_slots]);
  // But for the factor of the generic profile, which a measured one has no more.
  CHECK(profile.efficiency()[Parameter::recurrence_step] ==
        Approx(generic().efficiency()[Parameter::recurrence_step] *
               generic().efficiency()[Parameter::time_factor]));
  CHECK(profile.recurrences.size() == 1);
}

TEST_CASE("what a measurement does not tell keeps its time") {
  EfficiencyProfile fitted = generic();
  fitted.parameters[index_of(Parameter::time_factor)].value = 0.9;
  fitted.parameters[index_of(Parameter::matmul)].value = 0.6;
  fitted.parameters[index_of(Parameter::attention)].value = 0.45;
  fitted.parameters[index_of(Parameter::recurrence_step)].value = 1e-6;
  MeasuredEfficiency measured{.accelerator = "small", .memory_bandwidth = 2e12};
  measured.memory_fraction = {exactly(0.9), {}};
  const Efficiency values = measured_profile(fitted, measured, "m.json").efficiency();
  CHECK(values[Parameter::time_factor] == Approx(1.0));
  CHECK(values[Parameter::memory] == Approx(0.9));
  CHECK(values[Parameter::matmul] == Approx(0.6 / 0.9));
  CHECK(values[Parameter::attention] == Approx(0.5));
  CHECK(values[Parameter::recurrence_step] == Approx(0.9e-6));
  // Launches alone say nothing about how long kernels take.
  MeasuredEfficiency launches{.accelerator = "small"};
  launches.eager_launch_seconds = {exactly(2e-6), {}};
  CHECK(measured_profile(fitted, launches, "m.json").efficiency()[Parameter::time_factor] == 0.9);
}

TEST_CASE("an empty kernel is the least that a launch costs a framework") {
  EfficiencyProfile fitted = generic();
  fitted.parameters[index_of(Parameter::launch)].value = 8e-6;
  MeasuredEfficiency measured{.accelerator = "small"};
  const auto launch = [&](double seconds) {
    measured.eager_launch_seconds = {exactly(seconds), {}};
    return measured_profile(fitted, measured, "m.json").parameters[index_of(Parameter::launch)];
  };
  CHECK(launch(2e-6).value == 8e-6);
  CHECK(launch(2e-6).provenance.origin != Origin::measured);
  CHECK(launch(12e-6).value == Approx(12e-6));
  CHECK(launch(12e-6).provenance.origin == Origin::measured);
}

TEST_CASE("a single size of products says how fast they are, not how the rate falls") {
  EfficiencyProfile fitted = generic();
  fitted.parameters[index_of(Parameter::half_dimension)].value = 100.0;
  MeasuredEfficiency measured{.accelerator = "small", .memory_bandwidth = 2e12};
  measured.memory_fraction = {exactly(0.9), {}};
  measured.gemm_points.push_back(product(Precision::bf16, 8192.0, 8192.0, 8192.0, 0.8, 100.0));
  const Efficiency values = measured_profile(fitted, measured, "m.json").efficiency();
  CHECK(values[Parameter::half_dimension] == 100.0);
  CHECK(values[Parameter::matmul] == Approx(0.8));
}

TEST_CASE("a fall that the products hardly tell stays that of the generic profile") {
  EfficiencyProfile fitted = generic();
  fitted.parameters[index_of(Parameter::half_dimension)].value = 70.0;
  MeasuredEfficiency measured{.accelerator = "small", .memory_bandwidth = 2e12};
  measured.memory_fraction = {exactly(0.9), {}};
  // As noisy as it takes: a tenth up and down, whatever the size.
  double sign = 1.0;
  for (const double size : {2048.0, 3072.0, 4096.0, 5120.0, 6144.0, 8192.0}) {
    GemmPoint point = product(Precision::bf16, size, size, size, 0.7, 70.0);
    point.seconds *= 1.0 + 0.1 * sign;
    point.fraction_of_peak /= 1.0 + 0.1 * sign;
    sign = -sign;
    measured.gemm_points.push_back(point);
  }
  const Efficiency values = measured_profile(fitted, measured, "m.json").efficiency();
  CHECK(values[Parameter::half_dimension] == 70.0);
  CHECK(values[Parameter::matmul] == Approx(0.7).epsilon(0.1));
}
