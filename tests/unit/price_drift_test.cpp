// How far a price moves until it is paid: by hand.
#include "core/price_drift.h"

#include "catch.h"
#include "core/estimate.h"
#include "core/range_width.h"
#include "worked_example.h"

#include <cmath>
#include <string>

using namespace trainbudget;
using trainbudget::tests::worked_example;

namespace {

constexpr double year = 365.0 * seconds_per_day;
constexpr double z90 = 1.2815515655446004;

PriceDrift drift_of(double age, double wait, bool moves = true) {
  return {.age_seconds = {age, {}},
          .wait_seconds = {wait, {}},
          .volatility = {0.2, {}},
          .moves_with_market = moves};
}

Offer seen(const char* provider, const char* region, double usd, Date day) {
  return {.accelerator = "x",
          .provider = provider,
          .price = usd_per_hour(usd),
          .region = region,
          .as_of = {day, day}};
}

}  // namespace

TEST_CASE("a price of 20 % a year that is a year old is exp(1.2816 × 0.2) either way") {
  const Range factor = price_drift(drift_of(year, 0.0), 0.0);
  CHECK(factor.p50 == 1.0);
  CHECK(factor.p90 == Approx(std::exp(z90 * 0.2)));
  CHECK(factor.p10 == Approx(std::exp(-z90 * 0.2)));
  CHECK(price_drift(drift_of(0.0, 0.0), 0.0) == exactly(1.0));
}

TEST_CASE("variances of age, wait and a third of the run add, a price that is agreed stays") {
  CHECK(price_drift(drift_of(0.25 * year, 0.75 * year), 9.0 * year).p90 == Approx(std::exp(z90 * 0.2 * 2.0)));
  CHECK(price_drift(drift_of(0.25 * year, 0.0, false), 9.0 * year).p90 == Approx(std::exp(z90 * 0.2 * 0.5)));
}

TEST_CASE("beyond ten years a price drifts no further, however long the run") {
  CHECK(price_drift(drift_of(10.0 * year, 0.0), 0.0) == price_drift(drift_of(10.0 * year, 0.0), 1e30));
}

TEST_CASE("volatility of a list: two series by hand") {
  // a: two regions, one that stands still for a year and one that doubles in a year: Σ ln² ÷ Σ years = ln²2
  // ÷ 2. b: e-fold in two years: 1 ÷ 2. c: watched for a day only. σ² is the mean of the first two.
  const std::vector<Offer> offers{
      seen("a", "u", 1.0, {2024, 1, 1}), seen("a", "u", 1.0, {2024, 12, 31}),
      seen("a", "v", 1.0, {2024, 1, 1}), seen("a", "v", 2.0, {2024, 12, 31}),
      seen("b", "u", 1.0, {2023, 1, 1}), seen("b", "u", std::exp(1.0), {2024, 12, 31}),
      seen("c", "u", 1.0, {2023, 1, 1}), seen("c", "u", 9.0, {2023, 1, 2})};
  const auto volatility = price_volatility(offers, PricingModel::on_demand);
  REQUIRE(volatility);
  CHECK(volatility->series == 2);
  CHECK(volatility->moved == 2);
  CHECK(volatility->value == Approx(std::sqrt(0.5 * (std::log(2.0) * std::log(2.0) / 2.0 + 0.5))));
  CHECK_FALSE(price_volatility(offers, PricingModel::spot));
}

TEST_CASE("the bill of a price that was looked up has its width and its line, one that is given has not") {
  Scenario scenario = worked_example();
  const Range given = *estimate(scenario).cost_usd;
  scenario.price_drift = drift_of(year, 0.0, false);
  const Estimate e = estimate(scenario);
  REQUIRE(find_line(e, "price_drift") != nullptr);
  CHECK(e.cost_usd->p50 == Approx(given.p50));
  CHECK(e.cost_usd->p90 == Approx(given.p50 * std::exp(z90 * 0.2)));
  const std::vector<WidthShare> shares = width_shares(e);
  REQUIRE(shares.size() == 1);
  CHECK(shares.front().title == "Drift of the price");
  CHECK(shares.front().share == 1.0);
}

TEST_CASE("a wait for accelerators moves the end of the run and costs nothing") {
  Scenario scenario = worked_example();
  scenario.start = Date{2026, 1, 1};
  const Estimate at_once = estimate(scenario);
  scenario.start_delay_seconds =
      SourcedRange{{seconds_per_day, 10.0 * seconds_per_day, 40.0 * seconds_per_day}, {}};
  const Estimate later = estimate(scenario);
  CHECK(days_between(*at_once.dates->p10, *later.dates->p10) == 1);
  CHECK(days_between(*at_once.dates->p50, *later.dates->p50) == 10);
  CHECK(days_between(*at_once.dates->p90, *later.dates->p90) == 40);
  CHECK(*later.cost_usd == *at_once.cost_usd);
  CHECK(later.wall_time_seconds == at_once.wall_time_seconds);
}
