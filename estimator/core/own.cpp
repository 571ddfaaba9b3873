#include "core/own.h"

#include <cmath>

namespace trainbudget {
namespace {

constexpr double watts_per_kw = 1000.0;
constexpr double months_per_year = 12.0;

}  // namespace

double annuity(double rate, double years) {
  return rate > 0.0 ? rate / -std::expm1(-years * std::log1p(rate)) : 1.0 / years;
}

OwnedYear owned_year(const OwnedHardware& own) {
  const double rate = own.cost_of_capital.value;
  const double years = own.life_years.value;
  // What is sold at the end is worth less today.
  const double spent = 1.0 - own.residual_fraction.value * std::pow(1.0 + rate, -years);
  const double kilowatts = own.rated_watts.value / watts_per_kw;
  return {.capital = own.capex_usd.value * (spent * annuity(rate, years)),
          .colocation = kilowatts * own.contracted_fraction.value * own.colocation_usd_per_kw_month.value *
                        months_per_year,
          .electricity =
              kilowatts * own.load_fraction.value * own.pue.value * hours_per_year * own.usd_per_kwh.value,
          .staff = own.staff_usd_per_year.value,
          .maintenance = own.capex_usd.value * own.maintenance_fraction.value};
}

Range owned_usd_per_hour(const OwnedHardware& own) {
  return owned_year(own).total() / (hours_per_year * own.utilization.value);
}

Range break_even_utilization(const OwnedHardware& own, Range rent_usd_per_hour) {
  return quotient(owned_year(own).total() / hours_per_year, rent_usd_per_hour);
}

std::optional<double> break_even_months(const OwnedHardware& own, double rent_usd_per_hour) {
  const double rent = rent_usd_per_hour * hours_per_year * own.utilization.value / months_per_year;
  const double saved = rent - owned_year(own).running().p50 / months_per_year;
  if (!(saved > 0.0)) return std::nullopt;
  return own.capex_usd.value.p50 / saved;
}

}  // namespace trainbudget
