// What did not win, and why.
#pragma once

#include "planner/chooser.h"

#include <optional>
#include <vector>

namespace trainbudget::planner {

/// Other accelerators, the winner's model and offer on other numbers of them, other offers of the same, and
/// what was excluded before. `best` is the winner's candidate; nothing where there is none.
std::vector<Loser> losers_of(const Plan& plan, const std::optional<BestFound>& best, const Space& space,
                             Chooser& chooser, Evaluator& evaluator);

}  // namespace trainbudget::planner
