// Own hardware against the worked anchor: H100, 64 nodes, 2026.
#include "core/own.h"

#include "catch.h"
#include "core/estimate.h"
#include "worked_example.h"

#include <cmath>

using namespace trainbudget;

namespace {

const Provenance given{.origin = Origin::user};

Sourced<double> number(double value) {
  return {value, given};
}

/// Capex 46.9k over 5 years at 10 %; 1.275 kW of nameplate, 85 % of it contracted at 184 $/kW-month; 76 % of
/// it drawn at PUE 1.25 and 8.26 cents; 200 $ of operators and 3 % of maintenance a year.
OwnedHardware h100() {
  return {.capex_usd = {exactly(46900.0), given},
          .life_years = number(5.0),
          .cost_of_capital = number(0.10),
          .residual_fraction = number(0.0),
          .rated_watts = number(1275.0),
          .contracted_fraction = number(0.85),
          .colocation_usd_per_kw_month = number(184.0),
          .load_fraction = number(0.76),
          .pue = number(1.25),
          .usd_per_kwh = number(0.0826),
          .staff_usd_per_year = number(200.0),
          .maintenance_fraction = number(0.03),
          .utilization = number(0.8)};
}

}  // namespace

TEST_CASE("the worked anchor: 17.2k a year, $1.97 an hour, $2.46 at 80 %, break-even at 66 %") {
  const OwnedYear year = owned_year(h100());
  CHECK(year.capital.p50 == Approx(12372.0).margin(1.0));  // 46,900 × 0.263797
  CHECK(year.colocation == Approx(2392.9).margin(0.1));    // 1.275 × 0.85 × 184 × 12
  CHECK(year.electricity == Approx(876.4).margin(0.1));    // 1.275 × 0.76 × 1.25 × 8,760 × 0.0826
  CHECK(year.maintenance.p50 == Approx(1407.0));
  CHECK(year.total().p50 == Approx(17200.0).margin(50.0));
  OwnedHardware always = h100();
  always.utilization.value = 1.0;
  CHECK(owned_usd_per_hour(always).p50 == Approx(1.97).margin(0.005));
  CHECK(owned_usd_per_hour(h100()).p50 == Approx(2.46).margin(0.005));
  CHECK(break_even_utilization(h100(), exactly(2.99)).p50 == Approx(0.66).margin(0.005));
}

TEST_CASE("the break-even month: capex over what rent would cost less what running costs") {
  // rent 2.99 × 730 × 0.8 = 1,746.2; running (2,392.9 + 876.4 + 200 + 1,407) ÷ 12 = 406.4 a month
  CHECK(*break_even_months(h100(), 2.99) == Approx(46900.0 / (1746.16 - 406.36)).epsilon(1e-4));
  CHECK_FALSE(break_even_months(h100(), 0.5).has_value());  // rent is below the running costs
}

TEST_CASE("an annuity pays back: the sum of its payments, discounted, is one dollar") {
  double worth = 0.0;
  for (int year = 1; year <= 5; ++year)
    worth += annuity(0.1, 5.0) / std::pow(1.1, year);
  CHECK(worth == Approx(1.0));
  CHECK(annuity(0.0, 4.0) == 0.25);
}

TEST_CASE("what is sold at the end is paid back at its present value") {
  OwnedHardware own = h100();
  own.cost_of_capital.value = 0.0;
  own.residual_fraction.value = 0.3;
  CHECK(owned_year(own).capital.p50 == Approx(46900.0 * 0.7 / 5.0));
}

TEST_CASE("an estimate on own hardware costs its own price, and says where rent would cost the same") {
  Scenario scenario = tests::worked_example();
  scenario.price->value = exactly(2.99);
  scenario.own = h100();
  const Estimate e = estimate(scenario);
  CHECK(e.cost_usd->p50 == Approx(44871.7949 * owned_usd_per_hour(h100()).p50));
  CHECK(find_line(e, "rent_price")->value.p50 == 2.99);
  CHECK(find_line(e, "break_even_utilization")->value.p50 == Approx(0.6585).epsilon(1e-3));
  CHECK(find_line(e, "break_even_months")->value.p50 == Approx(35.0).margin(0.1));
  scenario.price.reset();
  const Estimate alone = estimate(scenario);
  CHECK(alone.cost_usd.has_value());
  CHECK(find_line(alone, "break_even_utilization") == nullptr);
}
