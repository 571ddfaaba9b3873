// What a range is made of.
#include "core/range_width.h"

#include "catch.h"
#include "reliable.h"
#include "worked_example.h"

#include <cmath>

using namespace trainbudget;

TEST_CASE("squared widths of the logarithms share out the whole") {
  Scenario scenario = tests::worked_example();
  CHECK(width_shares(estimate(scenario)).empty());
  scenario.model_flops_utilization.value = {0.25, 0.5, 1.0};  // ln 4
  scenario.price->value = {1.0, 1.2, 2.0};                    // ln 2
  const std::vector<WidthShare> shares = width_shares(estimate(scenario));
  REQUIRE(shares.size() == 2);
  CHECK(shares[0].title == "Model FLOPs utilisation");
  CHECK(shares[0].share == Approx(0.8));
  CHECK(shares[1].share == Approx(0.2));
}

TEST_CASE("products of independent inputs are shared out among these") {
  Scenario scenario = tests::worked_example();
  scenario.reliability = tests::exact_reliability();
  scenario.reliability->residual.value = {0.5, 0.7, 1.0};      // ln 2
  scenario.run_scatter = Sourced<Range>{{0.5, 1.0, 2.0}, {}};  // ln 4
  const std::vector<WidthShare> shares = width_shares(estimate(scenario));
  REQUIRE(shares.size() == 2);
  CHECK(shares[0].title == "scatter of whole runs");
  CHECK(shares[0].share == Approx(0.8));
  CHECK(shares[1].title == "residual");
}
