#include "core/gate.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
std::vector<Condition> conditions(const Estimate& estimate, const Limits& limits) {
  std::vector<Condition> found;
  const auto add = [&](const char* id, const char* title, Unit unit, std::optional<double> limit,
                       const char* reason) {
    Condition condition{.id = id, .title = title, .unit = unit, .limit = limit};
    if (const LedgerLine* line = find_line(estimate, id)) {
      condition.value = at(line->value, limits.quantile);
      condition.exact = line->value.is_exact();
    }
    if (condition.value && limit)
      condition.verdict = *condition.value <= *limit ? Verdict::holds : Verdict::broken;
    else
      condition.reason = reason;
    found.push_back(std::move(condition));
  };
  if (limits.cost_usd) add("cost", "Cost", Unit::usd, limits.cost_usd, "no price is known");
  if (limits.total_usd) {
    const bool more = find_line(estimate, "total") != nullptr;
    add(more ? "total" : "cost", "Total budget", Unit::usd, limits.total_usd, "no price is known");
  }
  if (limits.wall_time_seconds)
    add("wall_time", "Wall time", Unit::seconds, limits.wall_time_seconds, "no time is known");
  if (limits.finish_by) {
    // The run may take all of its last day.
    std::optional<double> most;
    if (estimate.dates) most = (days_between(estimate.dates->start, *limits.finish_by) + 1) * seconds_per_day;
    add("wall_time", "Wall time to the day of the end", Unit::seconds, most,
        "the run has no start (--set start=DATE)");
    // A wait for accelerators counts as well.
    const LedgerLine* wait = find_line(estimate, "start_delay");
    const LedgerLine* time = find_line(estimate, "wall_time");
    if (wait != nullptr && time != nullptr && most) {
      Condition& end = found.back();
      end.title = "Wait and wall time to the day of the end";
      const Range until_the_end = sum(time->value, wait->value);
      end.value = at(until_the_end, limits.quantile);
      end.exact = until_the_end.is_exact();
      end.verdict = *end.value <= *most ? Verdict::holds : Verdict::broken;
    }
  }
  if (limits.gpu_hours) add("gpu_hours", "GPU-hours", Unit::gpu_hours, limits.gpu_hours, "no time is known");
  if (limits.energy_joules)
    add("energy", "Energy", Unit::joules, limits.energy_joules, "the power of the accelerator is not known");
  if (limits.co2_grams)
    add("co2", "CO2e", Unit::grams, limits.co2_grams, "no region is known (--set energy.country=NAME)");
  if (limits.fit) {
    const LedgerLine* capacity = find_line(estimate, "memory_capacity");
    add("memory", "Memory of the fullest GPU", Unit::bytes,
        capacity == nullptr ? std::nullopt : std::optional(capacity->value.p50),
        "memory is computed with a global batch only");
  }
  return found;
}

std::vector<std::string> gate_warnings(const Estimate& estimate, const Limits& limits,
                                       const std::vector<Condition>& conditions) {
  std::vector<std::string> warnings = estimate.warnings;
  const LedgerLine* fit = find_line(estimate, "memory_fit");
  constexpr double sure = 0.9;  // as a layout that fits at P90
  if (fit != nullptr && !limits.fit && fit->value.p50 < sure) {
    warnings.push_back("the layout fits in memory with a chance of " +
                       std::to_string(std::lround(100.0 * fit->value.p50)) +
                       " %, and no limit asks whether it does: --require-fit");
  }
  if (limits.quantile == Quantile::p50) return warnings;
  const std::string quantile(name_of(limits.quantile));
  for (const Condition& condition : conditions) {
    if (condition.value && condition.exact)
      warnings.push_back(condition.title + " has no range: at " + quantile +
                         " it is the same number as at p50, which says nothing of how sure it is");
  }
  return warnings;
}

bool all_hold(const std::vector<Condition>& conditions) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [](const Condition& condition) { return condition.verdict == Verdict::holds; });
}

}  // namespace trainbudget
