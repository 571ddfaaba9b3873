#include "core/cost/terms.h"

namespace trainbudget {
namespace {

constexpr double joules_per_kwh = 3.6e6;

}  // namespace

void add_carbon(LedgerWriter& ledger, Estimate& result, const Scenario& scenario) {
  if (!scenario.carbon || !result.energy_joules) return;
  const CarbonModel& carbon = *scenario.carbon;
  const LedgerInput grid = input("grid intensity", carbon.grid, Unit::grams_per_kwh);
  ledger.add("grid_intensity", "Grid, " + carbon.grid_name, carbon.grid.value, Unit::grams_per_kwh,
             "grid-intensity", {grid});
  Range grams = ledger.add("carbon_of_energy", "CO2e of the electricity",
                           product(*result.energy_joules / joules_per_kwh, carbon.grid.value), Unit::grams,
                           "carbon-of-energy", {input("energy", *result.energy_joules, Unit::joules), grid});
  std::vector<LedgerInput> parts{input("of the electricity", grams, Unit::grams)};
  if (carbon.embodied) {
    const Range embodied =
        ledger.add("carbon_of_hardware", "CO2e of the hardware's making",
                   product(result.gpu_hours, carbon.embodied->value), Unit::grams, "carbon-of-hardware",
                   {input("GPU-hours", result.gpu_hours, Unit::gpu_hours),
                    input("embodied, per GPU-hour", *carbon.embodied, Unit::grams)});
    parts.push_back(input("of the hardware", embodied, Unit::grams));
    grams = together(grams, embodied);
  }
  result.co2_grams = ledger.add("co2", "CO2e", grams, Unit::grams, "co2", std::move(parts));
}

}  // namespace trainbudget
