#include "harness/carry_out.h"

#include <map>
#include <utility>

namespace trainbudget::microbench {

PlanOutcome carry_out(const RunPlan& plan, Session& session, trainbudget::Measurement& measurement,
                      const std::function<void(std::size_t)>& between) {
  PlanOutcome outcome;
  std::map<std::string, bool> measured;  // by group: whether anything was
  for (std::size_t i = 0; i < plan.items.size() && !session.interrupted(); ++i) {
    between(i);
    const std::size_t failures = measurement.failures.size();
    session.measure(plan.items[i], measurement);
    const bool failed = measurement.failures.size() > failures;
    measured[plan.items[i].group] |= !failed;
    if (failed && !still_works(session.device())) {
      measurement.failures.emplace_back("the GPU answers no more: what comes after it was not measured");
      outcome.device_works = false;
      break;
    }
  }
  for (const auto& [group, any] : measured) {
    if (!any && !session.interrupted()) outcome.empty.push_back(group);
  }
  return outcome;
}

Keeper::Keeper(double period, Write write, std::function<double()> now)
    : period_(period), write_(std::move(write)), now_(std::move(now)), written_(now_()) {}

void Keeper::keep(trainbudget::Measurement& measurement) {
  if (now_() - written_ < period_) return;
  measurement.interrupted = true;
  write_(measurement);
  written_ = now_();
}

}  // namespace trainbudget::microbench
