// How far a price that was looked up may have moved by the time it is paid.
#pragma once

#include "core/offer.h"
#include "core/provenance.h"
#include "core/uncertainty.h"

#include <optional>
#include <span>

namespace trainbudget {

/// Age of a quoted price, and what it does while the run goes on.
struct PriceDrift {
  Sourced<double> age_seconds;    ///< from the day it was seen to the day it was asked for
  Sourced<double> wait_seconds;   ///< from that day to the start of the run
  Sourced<double> volatility;     ///< standard deviation of the logarithm of a price after a year
  bool moves_with_market = true;  ///< while the run goes on; else it is agreed at the start
};

/// Prices were watched for a few years; what they do in more than these is taken to be no worse.
inline constexpr double most_years_of_drift = 10.0;

/// A factor around 1 of the price of a run of `run_seconds`. The logarithm of a price is a Brownian motion
/// without drift, since prices of accelerators fell until 2025 and rose in 2026: at the start its variance is
/// σ² × (age + wait), and the mean over a run of T that pays the price of the day has σ² × T/3 more.
Range price_drift(const PriceDrift& drift, double run_seconds);

/// σ of `pricing` in a list with several snapshots of the same offers, by the root of a year. A series is all
/// that one provider asks for one accelerator: Σ ln²(new ÷ old) ÷ Σ years over successive snapshots of the
/// same instance and region. σ² is the mean over series that were watched for `least_years`; suspect and
/// quoted prices are left out. Nothing without such a series.
struct Volatility {
  double value = 0.0;
  int series = 0;
  int moved = 0;  ///< series with any change
};
std::optional<Volatility> price_volatility(std::span<const Offer> offers, PricingModel pricing,
                                           double least_years = 0.25);

}  // namespace trainbudget
