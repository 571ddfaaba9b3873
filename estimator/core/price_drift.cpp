#include "core/price_drift.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

namespace trainbudget {
namespace {

constexpr double days_per_year = 365.0;

auto series_of(const Offer& offer) {
  return std::tie(offer.accelerator, offer.provider);
}
auto instance_of(const Offer& offer) {
  return std::tie(offer.accelerator, offer.provider, offer.instance, offer.region);
}

}  // namespace

Range price_drift(const PriceDrift& drift, double run_seconds) {
  const double until_start = drift.age_seconds.value + drift.wait_seconds.value;
  const double seconds = until_start + (drift.moves_with_market ? run_seconds / 3.0 : 0.0);
  const double years = std::min(seconds / (days_per_year * seconds_per_day), most_years_of_drift);
  const double width = std::exp(p90_deviations * drift.volatility.value * std::sqrt(years));
  return {1.0 / width, 1.0, width};
}

std::optional<Volatility> price_volatility(std::span<const Offer> offers, PricingModel pricing,
                                           double least_years) {
  std::vector<const Offer*> seen;
  for (const Offer& offer : offers) {
    if (offer.pricing == pricing && is_trusted(offer.quality)) seen.push_back(&offer);
  }
  // Of several prices of one day the cheapest counts.
  std::sort(seen.begin(), seen.end(), [](const Offer* a, const Offer* b) {
    if (instance_of(*a) != instance_of(*b)) return instance_of(*a) < instance_of(*b);
    return std::tie(a->as_of.last, a->price.value) < std::tie(b->as_of.last, b->price.value);
  });
  seen.erase(std::unique(seen.begin(), seen.end(),
                         [](const Offer* a, const Offer* b) {
                           return instance_of(*a) == instance_of(*b) && a->as_of.last == b->as_of.last;
                         }),
             seen.end());
  Volatility result;
  double variances = 0.0;
  double squares = 0.0;
  double years = 0.0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (i > 0 && instance_of(*seen[i]) == instance_of(*seen[i - 1])) {
      const double change = std::log(seen[i]->price.value / seen[i - 1]->price.value);
      squares += change * change;
      years += days_between(seen[i - 1]->as_of.last, seen[i]->as_of.last) / days_per_year;
    }
    if (i + 1 < seen.size() && series_of(*seen[i]) == series_of(*seen[i + 1])) continue;
    if (years >= least_years) {
      variances += squares / years;
      ++result.series;
      if (squares > 0.0) ++result.moved;
    }
    squares = years = 0.0;
  }
  if (result.series == 0) return std::nullopt;
  result.value = std::sqrt(variances / result.series);
  return result;
}

}  // namespace trainbudget
