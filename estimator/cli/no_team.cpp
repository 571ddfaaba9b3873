#include "cli/team.h"

namespace trainbudget::cli {

std::unique_ptr<Team> join_team(int& /*argc*/, char**& /*argv*/) {
  return nullptr;
}

}  // namespace trainbudget::cli
