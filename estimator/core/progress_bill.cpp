#include "core/progress_bill.h"

#include "core/cost/terms.h"

#include <cmath>

namespace trainbudget {
namespace {

/// A run of `scenario` that takes `seconds`: what its GPU-hours cost.
Estimate rented(const Scenario& scenario, Range seconds) {
  LedgerWriter ledger;
  Estimate run{.gpu_hours = seconds * (paid_gpus(scenario) / seconds_per_hour), .wall_time_seconds = seconds};
  add_rent(ledger, run, scenario);
  run.ledger = ledger.take();
  return run;
}

}  // namespace

ProgressBill bill_of(const Progress& progress, const Scenario& scenario, const Estimate* plan) {
  ProgressBill bill;
  if (!progress.gpu_hours) return bill;
  const Estimate whole = rented(scenario, progress.wall_time_seconds);
  bill.final_cost_usd = whole.cost_usd;
  if (const LedgerLine* price = find_line(whole, "price")) bill.price_usd_per_gpu_hour = price->value;

  Scenario as_used = scenario;
  as_used.capacity_blocks.reset();
  as_used.commitment.reset();
  bill.cost_usd = rented(as_used, exactly(progress.elapsed_seconds)).cost_usd;
  if (!bill.cost_usd) return bill;
  const double used = *progress.gpu_hours;
  bill.paid_ahead =
      scenario.capacity_blocks ||
      (scenario.commitment && scenario.commitment->paid_gpu_hours(used, paid_gpus(scenario)) > used);
  if (plan == nullptr || bill.paid_ahead) return bill;
  const double done = std::fmin(1.0, progress.tokens / progress.total_tokens);
  bill.planned_usd = rented(as_used, plan->wall_time_seconds * done).cost_usd->p50;
  return bill;
}

}  // namespace trainbudget
