// The bill of a run in progress, by hand: the price terms of an estimate over hours that a log shows.
#include "core/progress_bill.h"

#include "catch.h"
#include "worked_example.h"

using namespace trainbudget;
using trainbudget::tests::worked_example;

namespace {

const Provenance given{.origin = Origin::user};
constexpr double day = seconds_per_day;

/// 64 GPUs for 10 days of 40, and a quarter of the tokens.
Progress ten_days_of_forty(double paid_gpus = 64.0) {
  return {.tokens = 75e9,
          .total_tokens = 300e9,
          .elapsed_seconds = 10.0 * day,
          .wall_time_seconds = exactly(40.0 * day),
          .gpu_hours = paid_gpus * 240.0};
}

/// The bill beside the estimate of the same scenario.
ProgressBill bill(const Scenario& scenario, const Progress& progress) {
  const Estimate plan = estimate(scenario);
  return bill_of(progress, scenario, &plan);
}

}  // namespace

TEST_CASE("one price: the hours so far and those in the end, beside a quarter of the plan") {
  const Scenario scenario = worked_example(0.5, 2.0);
  const ProgressBill found = bill(scenario, ten_days_of_forty());
  CHECK(found.price_usd_per_gpu_hour->p50 == 2.0);
  CHECK(found.cost_usd->p50 == Approx(64.0 * 240.0 * 2.0));
  CHECK(found.final_cost_usd->p50 == Approx(64.0 * 960.0 * 2.0));
  CHECK(*found.planned_usd == Approx(0.25 * estimate(scenario).cost_usd->p50));
  CHECK_FALSE(found.paid_ahead);
  CHECK_FALSE(bill_of(ten_days_of_forty(), scenario, nullptr).planned_usd);
}

TEST_CASE("no bill without a price, or without the number of GPUs") {
  Scenario scenario = worked_example();
  Progress progress = ten_days_of_forty();
  progress.gpu_hours.reset();
  CHECK_FALSE(bill(scenario, progress).cost_usd);
  scenario.price.reset();
  scenario.capacity_blocks = given;
  const ProgressBill found = bill(scenario, ten_days_of_forty());
  CHECK_FALSE(found.price_usd_per_gpu_hour);
  CHECK_FALSE(found.paid_ahead);
  CHECK_FALSE(found.cost_usd);
  CHECK_FALSE(found.final_cost_usd);
  CHECK_FALSE(found.planned_usd);
}

TEST_CASE("a run as long as its plan costs what its plan does, whatever the price") {
  Scenario scenario = worked_example();
  SECTION("plain") {}
  SECTION("steps") {
    scenario.price_course = PriceCourse{.steps = {{0.0, 0.79}, {9.0 * day, 0.3}}};
  }
  SECTION("rising") {
    scenario.price_course = PriceCourse{.change_per_year = 0.5};
  }
  SECTION("committed") {
    scenario.commitment = Commitment{.gpu_hours = 60000.0};
  }
  SECTION("blocks") {
    scenario.capacity_blocks = given;
  }
  SECTION("drift") {
    scenario.price_drift = PriceDrift{.age_seconds = {90.0 * day, given}, .volatility = {0.3, given}};
  }
  const Estimate plan = estimate(scenario);
  Progress progress = ten_days_of_forty();
  progress.wall_time_seconds = plan.wall_time_seconds;
  const ProgressBill found = bill_of(progress, scenario, &plan);
  CHECK(found.final_cost_usd->p10 == Approx(plan.cost_usd->p10));
  CHECK(found.final_cost_usd->p50 == Approx(plan.cost_usd->p50));
  CHECK(found.final_cost_usd->p90 == Approx(plan.cost_usd->p90));
}

TEST_CASE("a price in steps is paid as the run reaches them, and so is its plan") {
  Scenario scenario = worked_example(0.5, 3.0);
  scenario.price_course = PriceCourse{.steps = {{0.0, 3.0}, {5.0 * day, 1.0}}};
  const ProgressBill found = bill(scenario, ten_days_of_forty());
  CHECK(found.cost_usd->p50 == Approx(64.0 * 24.0 * (5.0 * 3.0 + 5.0 * 1.0)));
  CHECK(found.final_cost_usd->p50 == Approx(64.0 * 24.0 * (5.0 * 3.0 + 35.0 * 1.0)));
  const double planned_days = 0.25 * estimate(scenario).wall_time_seconds.p50 / day;
  CHECK(*found.planned_usd == Approx(64.0 * 24.0 * (5.0 * 3.0 + (planned_days - 5.0) * 1.0)));
}

TEST_CASE("spares are paid, so far and in the end") {
  Scenario scenario = worked_example(0.5, 2.0);
  scenario.reliability = Reliability{.gpu_hours_per_interruption = {exactly(50e3), given},
                                     .checkpoint_bytes = {1e11, given},
                                     .checkpoint_bandwidth = {exactly(1e10), given},
                                     .restart_seconds = {exactly(600.0), given},
                                     .stalls = {exactly(0.01), given},
                                     .spare_gpus = Sourced<double>{8.0, given},
                                     .residual = {exactly(1.0), given}};
  const ProgressBill found = bill(scenario, ten_days_of_forty(72.0));
  CHECK(found.cost_usd->p50 == Approx(72.0 * 240.0 * 2.0));
  CHECK(found.final_cost_usd->p50 == Approx(72.0 * 960.0 * 2.0));
  CHECK(*found.planned_usd == Approx(0.25 * estimate(scenario).cost_usd->p50));
}

TEST_CASE(
    "a commitment that is not used up counts in the end, and nothing is said of how much is paid by now") {
  Scenario scenario = worked_example(0.5, 2.0);
  scenario.commitment = Commitment{.gpu_hours = 100000.0};
  const ProgressBill found = bill(scenario, ten_days_of_forty());
  CHECK(found.paid_ahead);
  CHECK(found.cost_usd->p50 == Approx(64.0 * 240.0 * 2.0));
  CHECK(found.final_cost_usd->p50 == Approx(200000.0));
  CHECK_FALSE(found.planned_usd);
  scenario.commitment = Commitment{.gpu_hours = 15000.0};  // 15,360 are used
  CHECK_FALSE(bill(scenario, ten_days_of_forty()).paid_ahead);
}

TEST_CASE("capacity blocks are paid whole in the end") {
  Scenario scenario = worked_example(0.5, 2.0);
  scenario.capacity_blocks = given;
  const ProgressBill found = bill(scenario, ten_days_of_forty());
  CHECK(found.paid_ahead);
  CHECK(found.cost_usd->p50 == Approx(64.0 * 240.0 * 2.0));
  CHECK(found.final_cost_usd->p50 == Approx(64.0 * 42.0 * 24.0 * 2.0));  // six weeks
  CHECK_FALSE(found.planned_usd);
}

TEST_CASE("own hardware is billed at what an hour of it costs") {
  Scenario scenario = worked_example(0.5, 2.0);
  scenario.own = OwnedHardware{
      .capex_usd = {exactly(35040.0), given}, .life_years = {4.0, given}, .utilization = {0.5, given}};
  const ProgressBill found = bill(scenario, ten_days_of_forty());
  // 35,040 over four years of 8,760 h, half of them used
  CHECK(found.price_usd_per_gpu_hour->p50 == Approx(2.0));
  scenario.own->utilization.value = 1.0;
  CHECK(bill(scenario, ten_days_of_forty()).cost_usd->p50 == Approx(64.0 * 240.0 * 1.0));
  CHECK(bill(scenario, ten_days_of_forty()).final_cost_usd->p50 == Approx(64.0 * 960.0 * 1.0));
}
