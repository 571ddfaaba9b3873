// One search by a team.
#pragma once

#include "cli/team.h"
#include "sweep/layout_ranking.h"

namespace trainbudget::cli {

/// Searches with all of `team`; each of them must search the same, and gets the same. One thread each.
sweep::Find find_together(Team& team);

}  // namespace trainbudget::cli
