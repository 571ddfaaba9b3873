#include "render/against_plan.h"

#include "render/number_text.h"

#include <cmath>

namespace trainbudget::render {
namespace {

/// "$3 more", "2 hours less", or `same` where the two would read alike.
std::string more_or_less(double value, Unit unit, const char* more, const char* less, const char* same) {
  const double least = unit == Unit::usd ? 0.005 : 1.0;
  if (std::fabs(value) < least) return same;
  return number_text(std::fabs(value), unit) + " " + (value > 0.0 ? more : less);
}

}  // namespace

std::optional<AgainstPlan> against_plan(const ProgressReport& report) {
  if (!report.plan) return std::nullopt;
  const Progress& progress = report.progress;
  const Estimate& plan = *report.plan;
  const double done = std::fmin(1.0, progress.tokens / progress.total_tokens);
  AgainstPlan against{.behind_seconds = progress.elapsed_seconds - done * plan.wall_time_seconds.p50,
                      .final_behind_seconds = progress.wall_time_seconds.p50 - plan.wall_time_seconds.p50,
                      .is_within = progress.wall_time_seconds.p50 >= plan.wall_time_seconds.p10 &&
                                   progress.wall_time_seconds.p50 <= plan.wall_time_seconds.p90};
  const ProgressBill& bill = report.bill;
  if (bill.cost_usd && bill.planned_usd) against.over_usd = bill.cost_usd->p50 - *bill.planned_usd;
  if (bill.final_cost_usd && plan.cost_usd)
    against.final_over_usd = bill.final_cost_usd->p50 - plan.cost_usd->p50;
  return against;
}

std::string against_text(const AgainstPlan& against) {
  std::string now = "against the plan: " +
                    more_or_less(against.behind_seconds, Unit::seconds, "behind", "ahead", "on time");
  if (against.over_usd)
    now += ", " + more_or_less(*against.over_usd, Unit::usd, "over", "under", "on budget");
  std::string more;   // or less than its P50
  std::string equal;  // to it
  const auto add = [&](double value, Unit unit, const char* above, const char* below, const char* what) {
    const std::string text = more_or_less(value, unit, above, below, "");
    std::string& part = text.empty() ? equal : more;
    part += (part.empty() ? "" : text.empty() ? " and " : ", ") + (text.empty() ? what : text);
  };
  add(against.final_behind_seconds, Unit::seconds, "later", "earlier", "the time");
  if (against.final_over_usd) add(*against.final_over_usd, Unit::usd, "more", "less", "the bill");
  if (!more.empty()) more += " than its P50";
  if (!equal.empty()) equal += " of its P50";
  return now + "; in the end " + more + (more.empty() || equal.empty() ? "" : ", ") + equal;
}

}  // namespace trainbudget::render
