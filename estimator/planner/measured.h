// Whether anything is known of an accelerator but its datasheet.
#pragma once

#include "core/scenario.h"
#include "io/profile_folder.h"

namespace trainbudget::planner {

/// Whether the efficiency of `scenario` was given, or rests on measurements of its accelerator or of the same
/// chip; not where other accelerators or typical values stand for it.
bool is_measured(const Scenario& scenario, const io::ProfileFolder& profiles);

}  // namespace trainbudget::planner
