// What must hold of the bill whatever the run, its prices and what stands around it.
#include "catch.h"
#include "core/cost/terms.h"
#include "core/estimate.h"
#include "unit/reliable.h"
#include "unit/worked_example.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <rapidcheck.h>

using namespace trainbudget;

namespace {

constexpr double rounding = 1e-9;

bool coin() {
  return *rc::gen::arbitrary<bool>();
}
/// From 10^low to 10^high.
double any_power(int low, int high) {
  return std::pow(10.0, *rc::gen::inRange(low * 100, high * 100 + 1) / 100.0);
}
double any_share() {
  return *rc::gen::inRange(0, 1001) / 1000.0;
}
/// Around `middle`, exact or not.
Range any_range(double middle) {
  if (coin()) return exactly(middle);
  return {middle / (1.0 + any_power(-2, 1)), middle, middle * (1.0 + any_power(-2, 1))};
}
Sourced<double> number(double value) {
  return {value, {.origin = Origin::user}};
}
SourcedRange range(Range value) {
  return {value, {.origin = Origin::user}};
}
bool at_most(double a, double b) {
  return a <= b + rounding * std::abs(b);
}
bool at_most(const Range& a, const Range& b) {
  return at_most(a.p10, b.p10) && at_most(a.p50, b.p50) && at_most(a.p90, b.p90);
}
bool about(double a, double b) {
  return std::abs(a - b) <= rounding * std::max(std::abs(a), std::abs(b));
}
bool about(const Range& a, const Range& b) {
  return about(a.p10, b.p10) && about(a.p50, b.p50) && about(a.p90, b.p90);
}

double factor() {
  return 1.0 + any_power(-3, 1);
}

/// Efficiency and price; nothing else.
Scenario any_plain_run() {
  Scenario scenario = tests::worked_example(*rc::gen::inRange(1, 100) / 100.0, any_power(-1, 2));
  scenario.tokens.value = Tokens(any_power(6, 15));
  scenario.gpus.value = std::round(any_power(0, 5));
  scenario.price->value = any_range(scenario.price->value.p50);
  if (coin()) {
    const double middle = scenario.model_flops_utilization.value.p50;
    scenario.model_flops_utilization.value = {0.5 * middle, middle, std::min(1.0, 1.5 * middle)};
  }
  return scenario;
}

PriceCourse any_course() {
  if (coin()) return {.change_per_year = *rc::gen::inRange(-900, 1000) / 1000.0};
  PriceCourse course;
  double after = 0.0;
  const int steps = *rc::gen::inRange(1, 6);
  for (int i = 0; i < steps; ++i) {
    course.steps.push_back({after, any_power(-1, 2)});
    after += any_power(3, 8);
  }
  return course;
}

/// With any of a commitment, blocks, a course, drift and costs around the bill.
Scenario any_run() {
  Scenario scenario = any_plain_run();
  if (coin()) scenario.commitment = Commitment{.gpu_hours = any_power(0, 9)};
  if (!scenario.commitment && coin()) scenario.capacity_blocks = Provenance{};
  if (coin()) scenario.price_course = any_course();
  if (coin())
    scenario.price_drift = PriceDrift{.age_seconds = number(any_power(0, 9)),
                                      .wait_seconds = number(any_power(0, 9)),
                                      .volatility = number(any_share()),
                                      .moves_with_market = coin()};
  if (coin())
    scenario.extras.storage = Storage{number(any_power(0, 16)), number(any_share()), number(any_power(0, 8))};
  if (coin()) scenario.extras.egress = Egress{number(any_power(0, 16)), number(any_share())};
  if (coin()) scenario.extras.development = range(any_range(any_power(-3, 1)));
  if (coin()) scenario.extras.staff = range(any_range(any_power(-6, 1)));
  if (coin()) scenario.extras.contingency = range(any_range(any_power(-3, 1)));
  return scenario;
}

OwnedHardware any_owned() {
  return {.capex_usd = range(any_range(any_power(2, 6))),
          .life_years = number(any_power(-1, 1)),
          .cost_of_capital = number(coin() ? 0.0 : any_power(-18, 0)),
          .residual_fraction = number(any_share()),
          .rated_watts = number(any_power(1, 4)),
          .contracted_fraction = number(any_share()),
          .colocation_usd_per_kw_month = number(any_power(-2, 4)),
          .load_fraction = number(any_share()),
          .pue = number(1.0 + any_share()),
          .usd_per_kwh = number(any_share()),
          .staff_usd_per_year = number(any_power(-2, 5)),
          .maintenance_fraction = number(any_share()),
          .utilization = number(0.01 + 0.99 * any_share())};
}

Range line(const Estimate& estimate, std::string_view id) {
  const LedgerLine* found = find_line(estimate, id);
  RC_ASSERT(found != nullptr);
  return found->value;
}

const Range& bill(const Estimate& estimate) {
  return *bill_of(estimate);
}

}  // namespace

TEST_CASE("every number of a bill is finite, not negative, and its quantiles are in order") {
  CHECK(rc::check([] {
    Scenario scenario = any_run();
    if (coin()) scenario.own = any_owned();
    for (const LedgerLine& any : estimate(scenario).ledger) {
      RC_ASSERT(any.value.p10 >= 0.0);
      RC_ASSERT(any.value.p10 <= any.value.p50);
      RC_ASSERT(any.value.p50 <= any.value.p90);
      RC_ASSERT(std::isfinite(any.value.p90));
    }
  }));
}

TEST_CASE("the lines of a budget are its total, at every quantile") {
  CHECK(rc::check([] {
    const Estimate e = estimate(any_run());
    if (!e.total_usd) return;
    Range sum = *e.cost_usd;
    for (const char* id : {"storage", "egress", "development", "staff", "contingency"}) {
      if (const LedgerLine* part = find_line(e, id)) sum = together(sum, part->value);
    }
    RC_ASSERT(about(sum, *e.total_usd));
    RC_ASSERT(at_most(*e.cost_usd, *e.total_usd));
  }));
}

TEST_CASE("twice the tokens at the same speed are twice the GPU-hours and twice what they cost") {
  CHECK(rc::check([] {
    Scenario scenario = any_plain_run();
    const Estimate once = estimate(scenario);
    scenario.tokens.value = 2.0 * scenario.tokens.value;
    const Estimate twice = estimate(scenario);
    RC_ASSERT(about(once.gpu_hours * 2.0, twice.gpu_hours));
    RC_ASSERT(about(*once.cost_usd * 2.0, *twice.cost_usd));
  }));
}

TEST_CASE(
    "more tokens, a slower step, a higher price and more accelerators for the same time never cost less") {
  CHECK(rc::check([] {
    const Scenario scenario = any_run();
    const Range before = bill(estimate(scenario));
    Scenario longer = scenario;
    longer.tokens.value = factor() * longer.tokens.value;
    // How far the price of the day may fall grows with the run: P10 is not compared there.
    const Range of_longer = bill(estimate(longer));
    RC_ASSERT(at_most(before.p50, of_longer.p50));
    RC_ASSERT(at_most(before.p90, of_longer.p90));
    Scenario slower = scenario;
    slower.model_flops_utilization.value = slower.model_flops_utilization.value / factor();
    RC_ASSERT(at_most(before.p50, bill(estimate(slower)).p50));
    RC_ASSERT(at_most(before.p90, bill(estimate(slower)).p90));
    Scenario dearer = scenario;
    dearer.price->value = dearer.price->value * factor();
    RC_ASSERT(at_most(before, bill(estimate(dearer))));
    // Committed GPU-hours are over sooner with more of them, before a price that rises has risen.
    if (scenario.commitment && scenario.price_course) return;
    const double more = *rc::gen::inRange(2, 20);
    Scenario wider = scenario;
    wider.gpus.value *= more;
    wider.model_flops_utilization.value = wider.model_flops_utilization.value / more;
    RC_ASSERT(about(estimate(scenario).wall_time_seconds, estimate(wider).wall_time_seconds));
    RC_ASSERT(at_most(before, bill(estimate(wider))));
  }));
}

TEST_CASE(
    "a commitment is paid at every quantile, and what is not used of it is what is paid beyond the run") {
  CHECK(rc::check([] {
    Scenario scenario = any_plain_run();
    const double committed = any_power(0, 9);
    scenario.commitment =
        Commitment{.gpu_hours = committed, .gpus = coin() ? scenario.gpus.value * any_power(-2, 2) : 0.0};
    const Estimate e = estimate(scenario);
    RC_ASSERT(at_most(scenario.price->value * committed, *e.cost_usd));
    const Range paid = line(e, "paid_gpu_hours");
    const Range wasted = line(e, "wasted_gpu_hours");
    RC_ASSERT(about(paid.p50 - e.gpu_hours.p50, wasted.p50) || wasted.p50 < rounding * paid.p50);
    RC_ASSERT(at_most(wasted.p90, committed));
  }));
}

TEST_CASE("a schedule of one price is that price, in one step or in many") {
  CHECK(rc::check([] {
    Scenario scenario = any_plain_run();
    const Range plain = *estimate(scenario).cost_usd;
    PriceCourse course = any_course();
    course.change_per_year = 0.0;
    if (course.steps.empty()) course.steps.push_back({});
    for (PriceStep& step : course.steps)
      step.usd_per_gpu_hour = 2.5;
    scenario.price_course = course;
    RC_ASSERT(about(*estimate(scenario).cost_usd, plain));
    scenario.price_course = PriceCourse{};
    RC_ASSERT(about(*estimate(scenario).cost_usd, plain));
  }));
}

TEST_CASE(
    "what a course of prices costs grows with time without a jump, between its lowest and its highest "
    "price") {
  CHECK(rc::check([] {
    const PriceCourse course = any_course();
    const double seconds = any_power(0, 9);
    const double paid = seconds_at_first_price(course, seconds);
    const double later = seconds_at_first_price(course, seconds * (1.0 + 1e-6));
    RC_ASSERT(later >= paid);
    if (course.steps.empty()) {
      const double last = std::pow(1.0 + course.change_per_year, seconds / (365.0 * seconds_per_day));
      RC_ASSERT(at_most(seconds * std::min(1.0, last), paid));
      RC_ASSERT(at_most(paid, seconds * std::max(1.0, last)));
      return;
    }
    double lowest = 1.0;
    double highest = 1.0;
    for (const PriceStep& step : course.steps) {
      lowest = std::min(lowest, step.usd_per_gpu_hour / course.steps.front().usd_per_gpu_hour);
      highest = std::max(highest, step.usd_per_gpu_hour / course.steps.front().usd_per_gpu_hour);
    }
    RC_ASSERT(at_most(seconds * lowest, paid));
    RC_ASSERT(at_most(paid, seconds * highest));
    RC_ASSERT(at_most(later - paid, 1.01e-6 * seconds * highest));
  }));
}

TEST_CASE("a capacity block covers its run, and a longer run never a shorter block") {
  CHECK(rc::check([] {
    const double seconds = any_power(0, 9);
    const double block = capacity_block_seconds(seconds);
    RC_ASSERT(block >= seconds);
    RC_ASSERT(block < seconds + 7.0 * seconds_per_day);
    RC_ASSERT(capacity_block_seconds(seconds * factor()) >= block);
  }));
}

TEST_CASE("spot breaks even where the two bills are the same, and costs less where instances last longer") {
  CHECK(rc::check([] {
    Scenario scenario = tests::worked_example(0.5, any_power(-1, 1));
    scenario.reliability = tests::exact_reliability();
    if (coin()) scenario.reliability->interval.reset();
    scenario.reliability->spot = tests::exact_spot();
    Spot& spot = *scenario.reliability->spot;
    spot.on_demand_share.value = 0.9 * any_share();
    spot.notice_seconds.value = any_power(0, 3);
    spot.on_demand_price->value = scenario.price->value * (1.0 + any_power(-2, 1));
    spot.seconds_between->value = exactly(any_power(4, 8));
    const Estimate e = estimate(scenario);
    const LedgerLine* even = find_line(e, "break_even_preemption");
    if (even == nullptr || even->value.p50 > 1e9 || even->value.p50 < 1e4) return;
    spot.seconds_between->value = even->value;
    const Estimate same = estimate(scenario);
    RC_ASSERT(std::abs(same.cost_usd->p50 / line(same, "cost_on_demand").p50 - 1.0) < 1e-6);
    spot.seconds_between->value = even->value * 1.1;
    const Estimate seldom = estimate(scenario);
    RC_ASSERT(seldom.cost_usd->p50 <= line(seldom, "cost_on_demand").p50);
    spot.seconds_between->value = even->value / 1.1;
    const Estimate often = estimate(scenario);
    RC_ASSERT(often.cost_usd->p50 >= line(often, "cost_on_demand").p50 * (1.0 - 1e-9));
  }));
}

TEST_CASE("pre-emptions of an unknown rate only add to the bill, the more the more often they come") {
  CHECK(rc::check([] {
    Scenario scenario = tests::worked_example();
    scenario.reliability = tests::exact_reliability();
    scenario.reliability->interval.reset();
    scenario.reliability->checkpoint_bytes.value = any_power(9, 13);
    scenario.reliability->spot = tests::exact_spot();
    scenario.reliability->spot->seconds_between.reset();
    const Estimate e = estimate(scenario);
    const double weekly = line(e, "cost_preempted_weekly").p50;
    const double daily = line(e, "cost_preempted_daily").p50;
    RC_ASSERT(at_most(e.cost_usd->p50, weekly));
    RC_ASSERT(at_most(weekly, daily));
    if (find_line(e, "cost_preempted_6_hours") != nullptr)
      RC_ASSERT(at_most(daily, line(e, "cost_preempted_6_hours").p50));
  }));
}

TEST_CASE(
    "own hardware used as much as breaks even costs what rent costs, and has paid when the month comes") {
  CHECK(rc::check([] {
    OwnedHardware own = any_owned();
    own.capex_usd.value = exactly(own.capex_usd.value.p50);
    const double rent = any_power(-2, 2);
    const double share = break_even_utilization(own, exactly(rent)).p50;
    RC_ASSERT(std::isfinite(share));
    OwnedHardware used = own;
    used.utilization.value = share;
    RC_ASSERT(about(owned_usd_per_hour(used).p50, rent));
    const auto months = break_even_months(own, rent);
    const double rent_a_month = rent * hours_per_year / 12.0 * own.utilization.value;
    const double running_a_month = owned_year(own).running().p50 / 12.0;
    RC_ASSERT(months.has_value() == (rent_a_month > running_a_month));
    if (!months) return;
    RC_ASSERT(*months > 0.0);
    RC_ASSERT(std::abs(own.capex_usd.value.p50 + *months * running_a_month - *months * rent_a_month) <=
              1e-6 * *months * rent_a_month);
  }));
}

TEST_CASE("a price drifts further the older it is and the longer the run, and its median stays") {
  CHECK(rc::check([] {
    PriceDrift drift{.age_seconds = number(any_power(0, 9)),
                     .wait_seconds = number(any_power(0, 9)),
                     .volatility = number(any_share()),
                     .moves_with_market = coin()};
    const double run = any_power(0, 12);
    const Range factor_then = price_drift(drift, run);
    RC_ASSERT(factor_then.p50 == 1.0);
    RC_ASSERT(about(factor_then.p10 * factor_then.p90, 1.0));
    RC_ASSERT(price_drift(drift, run * factor()).p90 >= factor_then.p90);
    drift.age_seconds.value *= factor();
    RC_ASSERT(price_drift(drift, run).p90 >= factor_then.p90);
  }));
}
