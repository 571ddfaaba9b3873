// Which models a plan chooses from.
#pragma once

#include "io/profile_folder.h"
#include "planner/space.h"

namespace trainbudget::planner {

/// Fills `space.sizes`, without what is read of each, and `free_size`; `free_tokens` must be known. Throws
/// InputError for an unknown family, and where no law could choose.
void choose_sizes(const Request& request, const io::ProfileFolder& profiles, Space& space);

}  // namespace trainbudget::planner
