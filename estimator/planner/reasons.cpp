#include "planner/reasons.h"

#include "render/number_text.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace trainbudget::planner {
namespace {

using render::number_text;

double seconds(const Plan& plan, const Way& way) {
  return at(way.wall_time_seconds, plan.limits.quantile);
}

/// What the budget must pay; nothing where the price is not known.
std::optional<double> usd(const Limits& limits, const Way& way) {
  if (!way.bill_usd) return std::nullopt;
  return at(*way.bill_usd, limits.quantile) + way.serving_usd;
}

std::string percent(double ratio) {
  const double more = 100.0 * (ratio - 1.0);
  return fmt::format("{:.{}f} %", more, more < 9.95 ? 1 : 0);
}

std::string chance_text(double chance) {
  return fmt::format("{:.0f} %", 100.0 * chance);
}

/// What a minimum term makes a run pay; empty where it pays what it uses.
std::string term_text(const Way& way) {
  if (way.paid_gpu_hours <= way.gpu_hours) return {};
  return fmt::format("pays the {} of its minimum term and uses {}",
                     number_text(way.paid_gpu_hours, Unit::gpu_hours),
                     number_text(way.gpu_hours, Unit::gpu_hours));
}

std::string reason_without_term(const Plan& plan, const Way& way);

}  // namespace

double rank_of(const Plan& plan, const Way& way) {
  switch (plan.aim) {
    case Aim::cheapest:
      return usd(plan.limits, way).value_or(std::numeric_limits<double>::infinity());
    case Aim::fastest:
      return seconds(plan, way);
    case Aim::least_loss:
      break;
  }
  return way.loss[preferred_law];
}

std::string reason_against(const Plan& plan, const Way& way) {
  if (!way.problem.empty()) return way.problem;
  const std::string term = term_text(way);
  return reason_without_term(plan, way) + (term.empty() ? "" : "; " + term);
}

namespace {

std::string reason_without_term(const Plan& plan, const Way& way) {
  const Limits& limits = plan.limits;
  const std::optional<double> cost = usd(limits, way);
  std::string broken;
  if (limits.deadline_seconds && seconds(plan, way) > *limits.deadline_seconds)
    broken =
        "misses the deadline by " + number_text(seconds(plan, way) - *limits.deadline_seconds, Unit::seconds);
  if (limits.budget_usd && cost && *cost > *limits.budget_usd)
    broken += (broken.empty() ? "" : ", ") +
              ("over the budget by " + number_text(*cost - *limits.budget_usd, Unit::usd));
  if (!broken.empty() || !plan.winner) return broken;
  const Way& winner = *plan.winner;
  const auto slower = [&] {
    const double more = seconds(plan, way) - seconds(plan, winner);
    return more > 0.0   ? "slower by " + number_text(more, Unit::seconds)
           : more < 0.0 ? "faster by " + number_text(-more, Unit::seconds)
                        : std::string("as fast");
  };
  const auto dearer = [&]() -> std::string {
    const std::optional<double> least = usd(limits, winner);
    if (!cost || !least) return "of unknown cost";
    const double more = *cost - *least;
    if (more > 0.0) return "dearer by " + number_text(more, Unit::usd) + " (" + percent(*cost / *least) + ")";
    return more < 0.0 ? "cheaper by " + number_text(-more, Unit::usd) : "of the same cost";
  };
  switch (plan.aim) {
    case Aim::cheapest:
      return dearer() + ", " + slower();
    case Aim::fastest:
      return slower() + ", " + dearer();
    case Aim::least_loss:
      break;
  }
  const double more = way.loss[preferred_law] - winner.loss[preferred_law];
  if (!(more > 0.0)) return "of the same loss, " + dearer() + ", " + slower();
  const std::string loss = fmt::format("loss higher by {:.4f}", more);
  if (!plan.free_tokens) return loss + ", " + dearer();
  const double fewer = 1.0 - way.tokens / winner.tokens;
  return way.model == winner.model && fewer > 0.0 ? percent(1.0 + fewer) + " fewer tokens, " + loss : loss;
}

}  // namespace

std::string reason_by_bound(const Plan& plan, double least) {
  if (!std::isfinite(least)) return "not one step keeps to the limits";
  // The search looked at them all, but where a bound does not tell, not far enough to say by how much they
  // lose.
  if (plan.winner && least <= rank_of(plan, *plan.winner)) return "no way on them is better";
  const std::string perfect = " or more even with perfect communication";
  switch (plan.aim) {
    case Aim::cheapest:
      return number_text(least, Unit::usd) + perfect;
    case Aim::fastest:
      return number_text(least, Unit::seconds) + perfect;
    case Aim::least_loss:
      break;
  }
  return plan.winner
             ? fmt::format("loss higher by {:.4f}", least - plan.winner->loss[preferred_law]) + perfect
             : "not one step keeps to the limits";
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t most = 6;
  std::string text;
  for (std::size_t i = 0; i < words.size() && i < most; ++i)
    text += (i == 0 ? "" : ", ") + words[i];
  return text + (words.size() > most ? " and " + std::to_string(words.size() - most) + " more" : "");
}

std::string limits_that_would_do(const Way& way, const Limits& limits) {
  std::string text;
  if (const std::optional<double> cost = usd(limits, way))
    text = "a budget of " + number_text(*cost, Unit::usd);
  return text + (text.empty() ? "" : " and ") + "a deadline of " +
         number_text(at(way.wall_time_seconds, limits.quantile), Unit::seconds);
}

std::vector<std::string> reasons_for(const Plan& plan) {
  const Way& way = *plan.winner;
  const Limits& limits = plan.limits;
  std::vector<std::string> reasons;
  const std::string of = fmt::format("of {} ways to train (hardware, number, offer{}){}",
                                     render::grouped(plan.candidates), plan.free_size ? ", size" : "",
                                     plan.steps ? ", each with its fastest layout that fits" : "");
  switch (plan.aim) {
    case Aim::cheapest:
      reasons.push_back("the cheapest within the limits, " + of);
      break;
    case Aim::fastest:
      reasons.push_back("the fastest within the budget, " + of);
      break;
    case Aim::least_loss:
      reasons.push_back("the least predicted loss within the limits, " + of);
      break;
  }
  const std::string other = limits.quantile == Quantile::p50 ? "; --quantile p90 plans for 90 %" : "";
  if (limits.deadline_seconds) {
    const double chance = chance_at_most(way.wall_time_seconds, *limits.deadline_seconds);
    reasons.push_back(fmt::format("in time with a chance of {} ({} of {}{})", chance_text(chance),
                                  number_text(seconds(plan, way), Unit::seconds),
                                  number_text(*limits.deadline_seconds, Unit::seconds), other));
  }
  if (const std::string term = term_text(way); !term.empty()) reasons.push_back(term);
  if (limits.budget_usd && way.bill_usd) {
    const double chance = chance_at_most(*way.bill_usd, *limits.budget_usd - way.serving_usd);
    reasons.push_back(fmt::format("within the budget with a chance of {} ({} of {}{})", chance_text(chance),
                                  number_text(*usd(limits, way), Unit::usd),
                                  number_text(*limits.budget_usd, Unit::usd), other));
  }
  const LedgerLine* fit = plan.estimate ? find_line(*plan.estimate, "memory_fit") : nullptr;
  const LedgerLine* capacity = plan.estimate ? find_line(*plan.estimate, "memory_capacity") : nullptr;
  if (fit != nullptr && capacity != nullptr && way.memory_bytes) {
    reasons.push_back(fmt::format("in the memory with a chance of {} ({} of {}{})",
                                  chance_text(fit->value.p50), number_text(*way.memory_bytes, Unit::bytes),
                                  number_text(capacity->value.p50, Unit::bytes), other));
  }
  return reasons;
}

}  // namespace trainbudget::planner
