// The arithmetic of the rule of thumb, by hand.
#include "core/estimate.h"

#include "catch.h"
#include "worked_example.h"

#include <cmath>

using namespace trainbudget;
using trainbudget::tests::worked_example;

TEST_CASE("the worked example, to the digit") {
  const Estimate e = estimate(worked_example());

  CHECK(e.flops.value == Approx(2.52e22).epsilon(1e-15));
  CHECK(312e12 * seconds_per_hour == 1.1232e18);
  CHECK(std::round(e.ideal_gpu_hours) == 22436.0);
  CHECK(std::round(e.gpu_hours.p50) == 44872.0);
  CHECK(std::round(e.cost_usd->p50) == 35449.0);
  // 44,871.79 hours on 64 GPUs: 701.12 hours, 29.2 days.
  CHECK(e.wall_time_seconds.p50 / seconds_per_day == Approx(29.2134).epsilon(1e-5));
}

TEST_CASE("the hours that the worked example really used imply 16 %, not 20 %") {
  Scenario scenario = worked_example();
  scenario.used_gpu_hours =
      Sourced<double>{140160.0, {.origin = Origin::published, .source = "64 GPUs for a quarter of a year"}};
  const Estimate e = estimate(scenario);

  CHECK(64.0 * 365.0 * 24.0 / 4.0 == 140160.0);
  CHECK(find_line(e, "implied_efficiency")->value.p50 == Approx(0.16007).epsilon(1e-4));
  CHECK(std::round(find_line(e, "cost_of_used_hours")->value.p50) == 110726.0);
  // Running at exactly the implied efficiency gives the hours back.
  const double implied = find_line(e, "implied_efficiency")->value.p50;
  CHECK(estimate(worked_example(implied)).gpu_hours.p50 == Approx(140160.0).epsilon(1e-12));
}

TEST_CASE("the worked example at the price of AWS") {
  // 44,871.79 h and 140,160 h at $4.096/h.
  CHECK(std::round(estimate(worked_example(0.5, 4.096)).cost_usd->p50) == 183795.0);
  CHECK(std::round(140160.0 * 4.096) == 574095.0);
}

TEST_CASE("ten times the parameters and ten times the tokens cost a hundred times as much") {
  Scenario large = worked_example();
  large.parameters.value *= 10.0;
  large.tokens.value *= 10.0;
  CHECK(estimate(large).cost_usd->p50 ==
        Approx(100.0 * estimate(worked_example()).cost_usd->p50).epsilon(1e-14));
}

TEST_CASE("twice the GPUs halve the wall time and leave GPU-hours and cost alone") {
  Scenario doubled = worked_example();
  doubled.gpus.value *= 2.0;
  const Estimate one = estimate(worked_example());
  const Estimate two = estimate(doubled);
  CHECK(two.wall_time_seconds.p50 == Approx(one.wall_time_seconds.p50 / 2.0));
  CHECK(two.gpu_hours == one.gpu_hours);
  CHECK(*two.cost_usd == *one.cost_usd);
}

TEST_CASE("energy is GPU-hours times power, with server, network and building") {
  Scenario scenario = worked_example();
  const Provenance assumed{.origin = Origin::assumed};
  scenario.power = PowerModel{.load_fraction = {exactly(0.8), assumed},
                              .overhead_watts = {exactly(300.0), assumed},
                              .network_fraction = {exactly(0.05), assumed},
                              .pue = {exactly(1.1), assumed}};
  const Estimate e = estimate(scenario);
  // (400 W × 0.8 + 300 W) × 1.05 × 1.1 = 716.1 W
  CHECK(find_line(e, "power_per_gpu")->value.p50 == Approx(716.1));
  CHECK(e.energy_joules->p50 == Approx(22435.8974 * 2.0 * 3600.0 * 716.1).epsilon(1e-8));
}

TEST_CASE("what is not known is absent, not zero") {
  Scenario scenario = worked_example();
  scenario.price.reset();
  const Estimate e = estimate(scenario);
  CHECK_FALSE(e.cost_usd.has_value());
  CHECK_FALSE(e.energy_joules.has_value());
  CHECK(find_line(e, "cost") == nullptr);
}

TEST_CASE("a range of utilisation becomes a range of hours and dollars, the other way round") {
  Scenario scenario = worked_example();
  scenario.model_flops_utilization.value = {0.25, 0.5, 1.0};
  const Estimate e = estimate(scenario);
  CHECK(e.gpu_hours.p10 == Approx(22435.8974));
  CHECK(e.gpu_hours.p90 == Approx(89743.5897));
  CHECK(e.cost_usd->p90 == Approx(4.0 * e.cost_usd->p10));
}

TEST_CASE("every ledger line names its formula and its inputs, and ids are unique") {
  Scenario scenario = worked_example();
  scenario.used_gpu_hours = Sourced<double>{1.0, {}};
  scenario.power = PowerModel{};
  const Estimate e = estimate(scenario);
  for (const LedgerLine& line : e.ledger) {
    INFO(line.id);
    CHECK_FALSE(line.inputs.empty());
    CHECK_FALSE(line.formula.empty());
    CHECK(find_line(e, line.id) == &line);
  }
}

TEST_CASE("counted FLOPs take the place of the rule, which stays beside them") {
  Scenario scenario = worked_example();
  scenario.counted = CountedFlops{
      .model = "rwkv-4-14b", .forward = FlopsPerToken(2.8e10), .backward = FlopsPerToken(5.6e10)};
  const Estimate e = estimate(scenario);
  CHECK(e.flops.value == Approx(8.4e10 * 300e9));
  CHECK(find_line(e, "flops")->formula == "counted-flops");
  CHECK(find_line(e, "flops_by_rule")->value.p50 == Approx(2.52e22));
  CHECK(e.ideal_gpu_hours == Approx(8.4e10 * 300e9 / 1.1232e18));
}
