// What an hour of hardware of one's own costs. Source of the shape: the total-cost-of-ownership sheets named
// in hardware_profiles/owning.yaml.
#pragma once

#include "core/provenance.h"
#include "core/quantity.h"
#include "core/uncertainty.h"

#include <optional>

namespace trainbudget {

inline constexpr double hours_per_year = 8760.0;

/// Everything per accelerator, its share of server and network included.
struct OwnedHardware {
  Sourced<Range> capex_usd;
  Sourced<double> life_years;
  Sourced<double> cost_of_capital;              ///< a year, as a fraction; 0 is straight depreciation
  Sourced<double> residual_fraction;            ///< of the capex, at the end of its life
  Sourced<double> rated_watts;                  ///< nameplate
  Sourced<double> contracted_fraction;          ///< of the nameplate, that colocation bills
  Sourced<double> colocation_usd_per_kw_month;  ///< metered power not included
  Sourced<double> load_fraction;                ///< of the nameplate, drawn on average
  Sourced<double> pue;
  Sourced<double> usd_per_kwh;
  Sourced<double> staff_usd_per_year;
  Sourced<double> maintenance_fraction;  ///< of the capex, a year
  Sourced<double> utilization;           ///< share of all hours that somebody uses, in (0, 1]
};

/// US dollars for one accelerator for one year.
struct OwnedYear {
  Range capital;
  double colocation = 0.0;
  double electricity = 0.0;
  double staff = 0.0;
  Range maintenance;

  Range running() const { return maintenance + (colocation + electricity + staff); }
  Range total() const { return together(capital, running()); }
};

OwnedYear owned_year(const OwnedHardware& own);

/// The yearly payment, at its end, for one dollar lent over `years` at `rate` a year.
double annuity(double rate, double years);

/// US dollars for an hour that is used.
Range owned_usd_per_hour(const OwnedHardware& own);

/// The utilisation at which an hour costs what rent asks. Above 1: owning never wins.
Range break_even_utilization(const OwnedHardware& own, Range rent_usd_per_hour);

/// The months of renting, instead, after which capex and running costs are paid back, without interest;
/// absent where rent never pays them back.
std::optional<double> break_even_months(const OwnedHardware& own, double rent_usd_per_hour);

}  // namespace trainbudget
