// The bill by hand: prices that change, commitments, what stands around the GPU bill, and its sum.
#include "core/budget.h"

#include "catch.h"
#include "core/estimate.h"
#include "reliable.h"
#include "worked_example.h"

#include <cmath>

using namespace trainbudget;
using trainbudget::tests::worked_example;

namespace {

const Provenance given{.origin = Origin::user};
constexpr double day = seconds_per_day;
constexpr double month = 30.0 * day;

Sourced<double> number(double value) {
  return {value, given};
}

double line(const Estimate& e, const char* id) {
  const LedgerLine* found = find_line(e, id);
  REQUIRE(found != nullptr);
  return found->value.p50;
}

}  // namespace

TEST_CASE("a price in steps: 10 days at $3, then $2, is 10 × 3 + 20 × 2 over 30 days") {
  const PriceCourse course{.steps = {{0.0, 3.0}, {10.0 * day, 2.0}, {100.0 * day, 9.0}}};
  CHECK(seconds_at_first_price(course, 30.0 * day) * 3.0 == Approx((10.0 * 3.0 + 20.0 * 2.0) * day));
  CHECK(seconds_at_first_price(course, 5.0 * day) == Approx(5.0 * day));
  CHECK(seconds_at_first_price(course, 0.0) == 0.0);
}

TEST_CASE("a price that changes steadily: +10 % a year is 0.1 / ln 1.1 over one year, and none is none") {
  constexpr double year = 365.0 * day;
  CHECK(seconds_at_first_price({.change_per_year = 0.1}, year) == Approx(1.049206 * year).epsilon(1e-6));
  CHECK(seconds_at_first_price({.change_per_year = -0.5}, year) == Approx(0.721348 * year).epsilon(1e-6));
  CHECK(seconds_at_first_price({.change_per_year = 0.0}, year) == year);
}

TEST_CASE("the worked example at a price that halves after 10 days") {
  Scenario scenario = worked_example();
  scenario.price_course = PriceCourse{.steps = {{0.0, 0.79}, {10.0 * day, 0.395}}};
  const Estimate e = estimate(scenario);
  // 64 GPUs × 240 h × 0.79 + (44,871.79 − 15,360) h × 0.395
  CHECK(e.cost_usd->p50 == Approx(15360.0 * 0.79 + 29511.7949 * 0.395).epsilon(1e-9));
}

TEST_CASE(
    "spares are paid by the clock of the run: a price that changes after 10 days, blocks of whole days") {
  Scenario scenario = worked_example();
  scenario.reliability = Reliability{.gpu_hours_per_interruption = {exactly(50e3), given},
                                     .checkpoint_bytes = number(1e11),
                                     .checkpoint_bandwidth = {exactly(1e10), given},
                                     .restart_seconds = {exactly(600.0), given},
                                     .stalls = {exactly(0.01), given},
                                     .spare_gpus = number(8.0),
                                     .residual = {exactly(1.0), given}};
  scenario.price_course = PriceCourse{.steps = {{0.0, 0.79}, {10.0 * day, 0.395}}};
  const Estimate e = estimate(scenario);
  const double first = 72.0 * 240.0;
  CHECK(e.cost_usd->p50 == Approx(first * 0.79 + (e.gpu_hours.p50 - first) * 0.395));
  scenario.price_course.reset();
  scenario.capacity_blocks = given;
  const Estimate blocks = estimate(scenario);
  CHECK(line(blocks, "paid_gpu_hours") ==
        Approx(72.0 * capacity_block_seconds(blocks.wall_time_seconds.p50) / 3600.0));
}

TEST_CASE("a commitment is paid to its end, and what is not used is said") {
  Scenario scenario = worked_example();
  scenario.commitment = Commitment{.gpu_hours = 100000.0};
  const Estimate e = estimate(scenario);
  CHECK(line(e, "paid_gpu_hours") == 100000.0);
  CHECK(line(e, "wasted_gpu_hours") == Approx(100000.0 - 44871.7949));
  CHECK(e.cost_usd->p50 == Approx(79000.0));
  scenario.commitment = Commitment{.gpu_hours = 1000.0};
  const Estimate beyond = estimate(scenario);
  CHECK(line(beyond, "wasted_gpu_hours") == 0.0);
  CHECK(*beyond.cost_usd == *estimate(worked_example()).cost_usd);
}

TEST_CASE("a term on fewer GPUs than the run leaves the others to the hour, and all of them after it") {
  Scenario scenario = worked_example();  // 44,872 GPU-hours on 64 GPUs: 701.1 h
  scenario.commitment = Commitment{.gpu_hours = 32.0 * 720.0, .gpus = 32.0};
  const Estimate within = estimate(scenario);
  CHECK(line(within, "paid_gpu_hours") == Approx(32.0 * 720.0 + 32.0 * 701.1218).epsilon(1e-6));
  CHECK(line(within, "wasted_gpu_hours") == Approx(32.0 * (720.0 - 701.1218)).epsilon(1e-4));
  scenario.commitment = Commitment{.gpu_hours = 32.0 * 100.0, .gpus = 32.0};
  const Estimate after = estimate(scenario);
  CHECK(line(after, "paid_gpu_hours") == Approx(44871.7949));
  CHECK(line(after, "wasted_gpu_hours") == 0.0);
  // Whatever rounding leaves of hours that are all used is none that are wasted.
  for (const double gpus : {3.0, 7.0, 11.0, 13.0, 60.0}) {
    scenario.commitment = Commitment{.gpu_hours = gpus * 100.1, .gpus = gpus};
    CHECK(line(estimate(scenario), "wasted_gpu_hours") == 0.0);
  }
  // Twice as many as the run needs: half of them stand still, and after the term those that work are paid.
  scenario.commitment = Commitment{.gpu_hours = 128.0 * 500.0, .gpus = 128.0};
  CHECK(line(estimate(scenario), "paid_gpu_hours") ==
        Approx(128.0 * 500.0 + 64.0 * (701.1218 - 500.0)).epsilon(1e-6));
}

TEST_CASE("blocks and schedules go by the time that spares are held as well") {
  Scenario scenario = worked_example();
  scenario.reliability = tests::exact_reliability();
  scenario.reliability->spare_gpus = number(64.0);
  const Estimate plain = estimate(scenario);
  const double days = plain.wall_time_seconds.p50 / day;
  scenario.capacity_blocks = given;
  CHECK(line(estimate(scenario), "paid_gpu_hours") == Approx(128.0 * 24.0 * 7.0 * std::ceil(days / 7.0)));
}

TEST_CASE("a commitment between P10 and P90 wastes hours only in the short runs") {
  Scenario scenario = worked_example();
  scenario.model_flops_utilization.value = {0.4, 0.5, 0.6};  // 56,090, 44,872 and 37,393 h
  scenario.commitment = Commitment{.gpu_hours = 50000.0};
  const Estimate e = estimate(scenario);
  const Range wasted = find_line(e, "wasted_gpu_hours")->value;
  CHECK(wasted.p10 == 0.0);
  CHECK(wasted.p50 == Approx(50000.0 - 44871.7949));
  CHECK(wasted.p90 == Approx(50000.0 - 37393.1624));
}

TEST_CASE("capacity blocks are paid in whole days up to 14, then in whole weeks") {
  CHECK(capacity_block_seconds(0.0) == day);
  CHECK(capacity_block_seconds(3600.0) == day);
  CHECK(capacity_block_seconds(2.0 * day) == 2.0 * day);
  CHECK(capacity_block_seconds(13.5 * day) == 14.0 * day);
  CHECK(capacity_block_seconds(14.1 * day) == 21.0 * day);
  CHECK(capacity_block_seconds(29.2 * day) == 35.0 * day);
  Scenario scenario = worked_example();  // 29.2 days on 64 GPUs
  scenario.capacity_blocks = given;
  const Estimate e = estimate(scenario);
  CHECK(line(e, "paid_gpu_hours") == 64.0 * 35.0 * 24.0);
  CHECK(e.cost_usd->p50 == Approx(64.0 * 35.0 * 24.0 * 0.79));
}

TEST_CASE("every line around the bill by hand, and their sum") {
  Scenario scenario = worked_example();
  scenario.extras = {.storage = Storage{number(10e12), number(0.02), number(month)},
                     .egress = Egress{number(2e12), number(0.09)},
                     .development = Sourced<Range>{exactly(0.5), given},
                     .staff = Sourced<Range>{exactly(50000.0 / month), given},
                     .contingency = Sourced<Range>{exactly(0.1), given}};
  const Estimate e = estimate(scenario);
  const double months = 2524038.4615 / month;  // 29.2 days
  CHECK(line(e, "storage") == Approx(10000.0 * 0.02 * (months + 1.0)).epsilon(1e-9));
  CHECK(line(e, "egress") == Approx(180.0));
  CHECK(line(e, "development") == Approx(0.5 * 35448.7179).epsilon(1e-8));
  CHECK(line(e, "staff") == Approx(50000.0 * months).epsilon(1e-9));
  const double others = 35448.7179 * 1.5 + line(e, "storage") + 180.0 + line(e, "staff");
  CHECK(line(e, "contingency") == Approx(0.1 * others).epsilon(1e-8));
  CHECK(e.total_usd->p50 == Approx(1.1 * others).epsilon(1e-8));
  CHECK(e.cost_usd->p50 == Approx(35448.7179));  // the bill itself stays comparable
}

TEST_CASE("lines add up to the total at every quantile, whatever the ranges") {
  Scenario scenario = worked_example();
  scenario.model_flops_utilization.value = {0.3, 0.5, 0.55};
  scenario.price->value = {0.6, 0.8, 1.5};
  scenario.extras = {.storage = Storage{number(5e13), number(0.03), number(0.0)},
                     .egress = Egress{number(1e12), number(0.05)},
                     .development = Sourced<Range>{{0.2, 0.5, 4.6}, given},
                     .staff = Sourced<Range>{{0.01, 0.02, 0.03}, given},
                     .contingency = Sourced<Range>{{0.05, 0.1, 0.2}, given}};
  const Estimate e = estimate(scenario);
  Range sum = *e.cost_usd;
  for (const char* id : {"storage", "egress", "development", "staff", "contingency"})
    sum = together(sum, find_line(e, id)->value);
  CHECK(*e.total_usd == sum);
  CHECK(find_line(e, "total")->inputs.size() == 6);
}

TEST_CASE("nothing around the bill: no total, no price: neither") {
  CHECK_FALSE(estimate(worked_example()).total_usd.has_value());
  Scenario scenario = worked_example();
  scenario.price.reset();
  scenario.extras.contingency = Sourced<Range>{exactly(0.1), given};
  CHECK_FALSE(estimate(scenario).total_usd.has_value());
}
