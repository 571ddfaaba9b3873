// The inverse of an estimate: of all ways to train, the one that a request asks for, and why the others are
// not it.
#pragma once

#include "io/profile_folder.h"
#include "planner/plan.h"

namespace trainbudget::planner {

/// Throws InputError for a request that leaves nothing to decide by, and for what its document has wrong.
Plan make_plan(const Request& request, const io::ProfileFolder& profiles);

}  // namespace trainbudget::planner
