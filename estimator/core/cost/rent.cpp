#include "core/cost/terms.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

constexpr double seconds_per_year = 365.0 * seconds_per_day;

double step_seconds(const PriceCourse& course, double seconds) {
  double sum = 0.0;
  for (std::size_t i = 0; i < course.steps.size(); ++i) {
    const PriceStep& step = course.steps[i];
    if (step.after_seconds >= seconds) break;
    const double end =
        i + 1 < course.steps.size() ? std::min(seconds, course.steps[i + 1].after_seconds) : seconds;
    sum += (end - step.after_seconds) * step.usd_per_gpu_hour;
  }
  return sum / course.steps.front().usd_per_gpu_hour;
}

/// The hours that are paid where they are sold in blocks.
Range add_blocks(LedgerWriter& ledger, Range used, const Scenario& scenario) {
  const double gpus = paid_gpus(scenario);
  const auto paid_for = [&](double hours) {
    return gpus * in_hours(Seconds(capacity_block_seconds(hours / gpus * seconds_per_hour)));
  };
  return ledger.add("paid_gpu_hours", "GPU-hours paid",
                    {paid_for(used.p10), paid_for(used.p50), paid_for(used.p90)}, Unit::gpu_hours,
                    "capacity-block",
                    {input("GPU-hours", used, Unit::gpu_hours),
                     input(gpus > scenario.gpus.value ? "GPUs and spares" : "GPUs", gpus, Unit::count,
                           *scenario.capacity_blocks)});
}

/// The hours that are paid: those used, and those committed to that are not.
Range add_commitment(LedgerWriter& ledger, const Estimate& result, const Scenario& scenario) {
  if (scenario.capacity_blocks) return add_blocks(ledger, result.gpu_hours, scenario);
  if (!scenario.commitment) return result.gpu_hours;
  const Commitment& commitment = *scenario.commitment;
  const Range used = result.gpu_hours;
  const double gpus = paid_gpus(scenario);
  std::vector<LedgerInput> inputs{
      input("GPU-hours", used, Unit::gpu_hours),
      input("committed", commitment.gpu_hours, Unit::gpu_hours, commitment.provenance)};
  if (commitment.gpus > 0.0) {
    inputs.push_back(input("GPUs of the commitment", commitment.gpus, Unit::count, commitment.provenance));
    inputs.push_back(input("GPUs of the run", gpus, Unit::count));
  }
  const auto paid_for = [&](double hours) { return commitment.paid_gpu_hours(hours, gpus); };
  const Range paid = ledger.add("paid_gpu_hours", "GPU-hours paid",
                                {paid_for(used.p10), paid_for(used.p50), paid_for(used.p90)}, Unit::gpu_hours,
                                commitment.gpus > 0.0 ? "paid-gpu-hours-of-term" : "paid-gpu-hours", inputs);
  // The longest run wastes least. Of hours that are all used, rounding leaves a difference.
  constexpr double rounding = 1e-12;
  const auto wasted = [](double hours_paid, double hours) {
    return hours_paid - hours > rounding * hours_paid ? hours_paid - hours : 0.0;
  };
  ledger.add("wasted_gpu_hours", "GPU-hours paid and not used",
             {wasted(paid.p90, used.p90), wasted(paid.p50, used.p50), wasted(paid.p10, used.p10)},
             Unit::gpu_hours, "wasted-gpu-hours", inputs);
  return paid;
}

/// The hours that cost at the first price what the paid ones cost at all of them.
Range add_course(LedgerWriter& ledger, Range paid, const Scenario& scenario) {
  if (!scenario.price_course) return paid;
  const double gpus = paid_gpus(scenario);
  const auto at_first_price = [&](double hours) {
    return seconds_at_first_price(*scenario.price_course, hours / gpus * seconds_per_hour) * gpus /
           seconds_per_hour;
  };
  std::vector<LedgerInput> inputs{input("GPU-hours paid", paid, Unit::gpu_hours)};
  const Provenance& source = scenario.price_course->provenance;
  for (const PriceStep& step : scenario.price_course->steps) {
    inputs.push_back(input("price from", step.after_seconds, Unit::seconds, source));
    inputs.push_back(input("on", step.usd_per_gpu_hour, Unit::usd_per_gpu_hour, source));
  }
  if (scenario.price_course->steps.empty())
    inputs.push_back(input("change a year", scenario.price_course->change_per_year, Unit::fraction, source));
  return ledger.add("hours_at_first_price", "GPU-hours at the first price",
                    {at_first_price(paid.p10), at_first_price(paid.p50), at_first_price(paid.p90)},
                    Unit::gpu_hours, "price-schedule", std::move(inputs));
}

/// How far the price may have moved, where it was looked up.
std::optional<Range> add_drift(LedgerWriter& ledger, const Estimate& result, const Scenario& scenario) {
  if (!scenario.price_drift || scenario.own) return std::nullopt;
  const PriceDrift& drift = *scenario.price_drift;
  std::vector<LedgerInput> inputs{input("age of the price", drift.age_seconds, Unit::seconds)};
  if (drift.wait_seconds.value > 0.0)
    inputs.push_back(input("until the run starts", drift.wait_seconds, Unit::seconds));
  if (drift.moves_with_market) inputs.push_back(input("wall time", result.wall_time_seconds, Unit::seconds));
  inputs.push_back(input("volatility, a year", drift.volatility, Unit::fraction));
  return ledger.add("price_drift", "Drift of the price", price_drift(drift, result.wall_time_seconds.p50),
                    Unit::count, "price-drift", std::move(inputs));
}

}  // namespace

double seconds_at_first_price(const PriceCourse& course, double seconds) {
  if (!course.steps.empty()) return step_seconds(course, seconds);
  // p(t) = p(0) (1 + change)^t, for a hundred years at the most: no price has a longer course.
  constexpr double most_years = 100.0;
  const double rate = std::log1p(course.change_per_year);
  const double years = std::min(seconds / seconds_per_year, most_years);
  const double after = seconds - years * seconds_per_year;
  const double changing = rate == 0.0 ? years : std::expm1(rate * years) / rate;
  return changing * seconds_per_year + (after > 0.0 ? after * std::exp(rate * years) : 0.0);
}

double capacity_block_seconds(double seconds) {
  constexpr double most_days = 14.0;
  constexpr double week = 7.0;
  const double days = std::max(1.0, std::ceil(seconds / seconds_per_day));
  return (days <= most_days ? days : std::ceil(days / week) * week) * seconds_per_day;
}

void add_rent(LedgerWriter& ledger, Estimate& result, const Scenario& scenario) {
  if (!scenario.own && !scenario.price) return;
  const SourcedRange price =
      scenario.own ? add_owned_price(ledger, scenario) : add_mixed_price(ledger, scenario);
  const LedgerInput price_input = input("price", price, Unit::usd_per_gpu_hour);
  ledger.add("price", "Price", price.value, Unit::usd_per_gpu_hour, "price", {price_input});
  const Range hours = scenario.own ? result.gpu_hours
                                   : add_course(ledger, add_commitment(ledger, result, scenario), scenario);
  const bool plain = hours == result.gpu_hours;
  std::vector<LedgerInput> inputs{
      input(plain ? "GPU-hours" : "GPU-hours at this price", hours, Unit::gpu_hours), price_input};
  Range cost = product(hours, price.value);
  const std::optional<Range> drift = add_drift(ledger, result, scenario);
  if (drift) {
    inputs.push_back(input("drift of the price", *drift, Unit::count));
    cost = product(cost, *drift);
  }
  result.cost_usd =
      ledger.add("cost", "Cost", cost, Unit::usd, drift ? "cost-with-drift" : "cost", std::move(inputs));
}

}  // namespace trainbudget
