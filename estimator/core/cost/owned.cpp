#include "core/cost/terms.h"

namespace trainbudget {

SourcedRange add_owned_price(LedgerWriter& ledger, const Scenario& scenario) {
  const OwnedHardware& own = *scenario.own;
  const OwnedYear year = owned_year(own);
  const LedgerInput capex = input("capex", own.capex_usd, Unit::usd);
  const LedgerInput rated = input("rated power", own.rated_watts, Unit::watts);
  ledger.add("own_capital", "Capital, a GPU and year", year.capital, Unit::usd, "own-capital",
             {capex, input("life in years", own.life_years, Unit::count),
              input("cost of capital", own.cost_of_capital, Unit::fraction),
              input("residual value", own.residual_fraction, Unit::fraction)});
  ledger.add("own_colocation", "Colocation, a GPU and year", exactly(year.colocation), Unit::usd,
             "own-colocation",
             {rated, input("contracted share", own.contracted_fraction, Unit::fraction),
              input("price of a kW-month", own.colocation_usd_per_kw_month, Unit::usd)});
  ledger.add(
      "own_electricity", "Electricity, a GPU and year", exactly(year.electricity), Unit::usd,
      "own-electricity",
      {rated, input("load fraction", own.load_fraction, Unit::fraction), input("PUE", own.pue, Unit::count),
       input("price of a kWh", own.usd_per_kwh, Unit::usd_per_kwh)});
  ledger.add("own_staff", "Operators, a GPU and year", exactly(year.staff), Unit::usd, "own-staff",
             {input("staff", own.staff_usd_per_year, Unit::usd)});
  ledger.add("own_maintenance", "Maintenance, a GPU and year", year.maintenance, Unit::usd, "own-maintenance",
             {capex, input("maintenance", own.maintenance_fraction, Unit::fraction)});
  const Range total = ledger.add(
      "own_year", "Own hardware, a GPU and year", year.total(), Unit::usd, "own-year",
      {input("capital", year.capital, Unit::usd), input("running costs", year.running(), Unit::usd)});
  const LedgerInput total_input = input("a GPU and year", total, Unit::usd);
  SourcedRange price{
      ledger.add("own_price", "Own hardware, a used hour", owned_usd_per_hour(own), Unit::usd_per_gpu_hour,
                 "own-price", {total_input, input("utilisation", own.utilization, Unit::fraction)}),
      {.origin = Origin::derived, .source = "own hardware, above"}};
  if (!scenario.price) return price;
  const LedgerInput rent = input("rent", *scenario.price, Unit::usd_per_gpu_hour);
  ledger.add("rent_price", "Rent to compare with", scenario.price->value, Unit::usd_per_gpu_hour, "price",
             {rent});
  ledger.add("break_even_utilization", "Utilisation above which owning wins",
             break_even_utilization(own, scenario.price->value), Unit::fraction, "break-even-utilization",
             {total_input, rent});
  if (const auto months = break_even_months(own, scenario.price->value.p50)) {
    ledger.add("break_even_months", "Months until owning has paid", exactly(*months), Unit::count,
               "break-even-months",
               {capex, input("running costs, a GPU and year", year.running(), Unit::usd), rent,
                input("utilisation", own.utilization, Unit::fraction)});
  }
  return price;
}

}  // namespace trainbudget
