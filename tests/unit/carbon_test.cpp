// Grid, embodied share and CO2e by hand, and the conventions that must not be mixed up.
#include "core/carbon.h"

#include "catch.h"
#include "core/estimate.h"
#include "worked_example.h"

#include <vector>

using namespace trainbudget;

namespace {

const Provenance given{.origin = Origin::user};

/// 44,871.79 GPU-hours at exactly 1 kW.
Scenario one_kilowatt() {
  Scenario scenario = tests::worked_example();
  scenario.power = PowerModel{.load_fraction = {exactly(1.0), given},
                              .overhead_watts = {exactly(600.0), given},
                              .network_fraction = {exactly(0.0), given},
                              .pue = {exactly(1.0), given}};
  return scenario;
}

}  // namespace

TEST_CASE("CO2e is energy times grid, and the share of the hardware's making") {
  Scenario scenario = one_kilowatt();
  scenario.carbon = CarbonModel{.grid_name = "somewhere",
                                .grid = {exactly(400.0), given},
                                .embodied = Sourced<Range>{exactly(25.0), given}};
  const Estimate e = estimate(scenario);
  // 44,871.79 kWh × 400 g = 17.9487 t; 44,871.79 h × 25 g = 1.1218 t
  CHECK(find_line(e, "carbon_of_energy")->value.p50 == Approx(17.948718e6).epsilon(1e-6));
  CHECK(find_line(e, "carbon_of_hardware")->value.p50 == Approx(1.1217949e6).epsilon(1e-6));
  CHECK(e.co2_grams->p50 == Approx(19.070513e6).epsilon(1e-6));
  scenario.carbon->embodied.reset();
  CHECK(estimate(scenario).co2_grams->p50 == Approx(17.948718e6).epsilon(1e-6));
}

TEST_CASE("without a grid, or without energy, CO2e is unknown and not zero") {
  CHECK_FALSE(estimate(one_kilowatt()).co2_grams.has_value());
  Scenario scenario = one_kilowatt();
  scenario.carbon = CarbonModel{.grid_name = "somewhere", .grid = {exactly(400.0), given}};
  scenario.power.reset();
  const Estimate e = estimate(scenario);
  CHECK_FALSE(e.co2_grams.has_value());
  CHECK(find_line(e, "grid_intensity") == nullptr);
}

TEST_CASE("the range of the grid widens that of the CO2e, and lines add up at every quantile") {
  Scenario scenario = one_kilowatt();
  scenario.model_flops_utilization.value = {0.4, 0.5, 0.6};
  scenario.carbon = CarbonModel{.grid_name = "somewhere",
                                .grid = {{300.0, 360.0, 432.0}, given},
                                .embodied = Sourced<Range>{{20.0, 25.0, 40.0}, given}};
  const Estimate e = estimate(scenario);
  const Range a = find_line(e, "carbon_of_energy")->value;
  const Range b = find_line(e, "carbon_of_hardware")->value;
  CHECK(a.p90 / a.p50 > e.energy_joules->p90 / e.energy_joules->p50);
  CHECK(*e.co2_grams == together(a, b));
}

TEST_CASE("an H100 that is worked for 5 years at 80 % carries 25 g of its making in every hour") {
  constexpr double five_years = 5.0 * 365.0 * seconds_per_day;
  // 877 kg ÷ (43,800 h × 0.8 = 35,040 h)
  CHECK(embodied_per_hour(exactly(877e3), five_years, 0.8).p50 == Approx(25.0285).epsilon(1e-5));
}

TEST_CASE("of one grid the newest year counts that was known, and other places stay out") {
  const std::vector<GridIntensity> grids = {{.place = "gcp", .key = "a", .grams_per_kwh = 500, .year = 2022},
                                            {.place = "gcp", .key = "a", .grams_per_kwh = 400, .year = 2024},
                                            {.place = "aws", .key = "a", .grams_per_kwh = 1, .year = 2025}};
  CHECK(find_grid(grids, "gcp", "a", 0)->grams_per_kwh == 400);
  CHECK(find_grid(grids, "gcp", "a", 2023)->grams_per_kwh == 500);
  CHECK(find_grid(grids, "gcp", "a", 2021) == nullptr);
  CHECK(find_grid(grids, "gcp", "b", 0) == nullptr);
}
