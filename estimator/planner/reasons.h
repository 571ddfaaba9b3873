// Sentences: why a plan won, why another did not, what limits would do.
#pragma once

#include "planner/plan.h"

#include <string>
#include <vector>

namespace trainbudget::planner {

/// What stands against `way`: its problem, a limit that it breaks, or how much worse it is than the winner.
std::string reason_against(const Plan& plan, const Way& way);
/// By how much `way` breaks which limit; empty where it keeps to them.
std::string limits_broken(const Limits& limits, const Way& way);
/// What stands against what ranks no better than `least_rank`, whatever its layout.
std::string reason_by_bound(const Plan& plan, double least_rank);
/// Smaller is nearer to winning, by the plan's aim.
double rank_of(const Plan& plan, const Way& way);
/// "a budget of $12,000", "a deadline of 41 days": what `limits` would have to be for `way`.
std::string limits_that_would_do(const Way& way, const Limits& limits);
std::vector<std::string> reasons_for(const Plan& plan);

/// "1 accelerator", "5 accelerators".
std::string counted(std::size_t count, const std::string& what);
/// "a, b and 3 more".
std::string listed(const std::vector<std::string>& words);

}  // namespace trainbudget::planner
