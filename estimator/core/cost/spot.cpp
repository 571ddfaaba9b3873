#include "core/cost/terms.h"
#include "core/reliability.h"

#include <cmath>

namespace trainbudget {
namespace {

constexpr double least_seconds = 1.0;
constexpr double most_seconds = 1e10;
/// A run that takes this many times as long does not end in practice.
constexpr double most_longer = 1e3;

/// Hours of the run over those with nothing taken back, at the medians, were an instance taken back every
/// `seconds_between`.
double longer_by(const Reliability& r, double gpus, double seconds_between) {
  Reliability preempted = r;
  preempted.spot->seconds_between = Sourced<Range>{exactly(seconds_between), {}};
  Reliability left_alone = r;
  left_alone.spot.reset();
  return goodput(left_alone, gpus).fraction.p50 / goodput(preempted, gpus).fraction.p50;
}

/// What the bill would be at three rates, where the rate is unknown.
void add_unknown_rate(LedgerWriter& ledger, Estimate& result, const Reliability& r, double gpus) {
  const auto cost_if = [&](const char* id, const char* often, double seconds) {
    const double longer = longer_by(r, gpus, seconds);
    if (!(longer < most_longer)) {
      result.warnings.push_back(std::string("taken back every ") + often + ", the run would not end");
      return;
    }
    ledger.add(id, std::string("Cost if an instance is taken back every ") + often, *result.cost_usd * longer,
               Unit::usd, "cost-if-preempted",
               {input("cost", *result.cost_usd, Unit::usd), input("of one instance", seconds, Unit::seconds),
                input("longer by a factor of", longer, Unit::count)});
  };
  cost_if("cost_preempted_weekly", "week", 7.0 * 86400.0);
  cost_if("cost_preempted_daily", "day", 86400.0);
  cost_if("cost_preempted_6_hours", "6 hours", 6.0 * 3600.0);
  result.warnings.push_back(
      "how often spot instances are taken back is unknown: the hours count no pre-emption; give it: "
      "--preempted-every 12h..5d");
}

}  // namespace

std::optional<double> break_even_preemption(const Reliability& r, double gpus, double price_ratio) {
  if (longer_by(r, gpus, most_seconds) >= price_ratio || longer_by(r, gpus, least_seconds) <= price_ratio)
    return std::nullopt;
  double often = least_seconds;
  double seldom = most_seconds;
  for (int i = 0; i < 80; ++i) {
    const double middle = std::sqrt(often * seldom);
    (longer_by(r, gpus, middle) > price_ratio ? often : seldom) = middle;
  }
  return seldom;
}

SourcedRange add_mixed_price(LedgerWriter& ledger, const Scenario& scenario) {
  const SourcedRange& price = *scenario.price;
  if (!scenario.reliability || !scenario.reliability->spot) return price;
  const Spot& spot = *scenario.reliability->spot;
  const double share = spot.on_demand_share.value;
  if (share == 0.0 || !spot.on_demand_price) return price;
  const Range mixed = together(price.value * (1.0 - share), spot.on_demand_price->value * share);
  ledger.add("mixed_price", "Price, spot and on demand mixed", mixed, Unit::usd_per_gpu_hour, "mixed-price",
             {input("spot price", price, Unit::usd_per_gpu_hour),
              input("on-demand price", *spot.on_demand_price, Unit::usd_per_gpu_hour),
              input("share on demand", spot.on_demand_share, Unit::fraction)});
  return {mixed, {.origin = Origin::derived, .source = "spot and on demand mixed, above"}};
}

void add_spot(LedgerWriter& ledger, Estimate& result, const Scenario& scenario) {
  if (!scenario.reliability || !scenario.reliability->spot || !result.cost_usd) return;
  const Reliability& r = *scenario.reliability;
  const Spot& spot = *r.spot;
  const double gpus = scenario.gpus.value;
  if (!spot.seconds_between) add_unknown_rate(ledger, result, r, gpus);
  if (!spot.on_demand_price) return;
  const double longer = spot.seconds_between ? longer_by(r, gpus, spot.seconds_between->value.p50) : 1.0;
  const LedgerInput on_demand = input("on-demand price", *spot.on_demand_price, Unit::usd_per_gpu_hour);
  ledger.add("cost_on_demand", "The same on demand",
             product(result.gpu_hours / longer, spot.on_demand_price->value), Unit::usd, "cost-on-demand",
             {input("GPU-hours", result.gpu_hours, Unit::gpu_hours), on_demand,
              input("pre-emptions make the run longer by a factor of", longer, Unit::count)});
  const double paid = result.cost_usd->p50 / result.gpu_hours.p50;
  const double ratio = spot.on_demand_price->value.p50 / paid;
  if (ratio <= 1.0)
    result.warnings.push_back("on demand costs no more than what is paid here, pre-emptions or not");
  const std::optional<double> seconds = break_even_preemption(r, gpus, ratio);
  if (!seconds) return;
  ledger.add("break_even_preemption", "Spot is cheaper if an instance lasts longer than", exactly(*seconds),
             Unit::seconds, "break-even-preemption",
             {on_demand, input("price paid", paid, Unit::usd_per_gpu_hour)});
}

}  // namespace trainbudget
