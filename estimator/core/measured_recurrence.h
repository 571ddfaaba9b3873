// Recurrences at the times that were measured for their kernels, where they were.
#pragma once

#include "core/layout.h"
#include "core/wkv_time.h"
#include "core/workload.h"

#include <string>
#include <vector>

namespace trainbudget {

/// Gives each recurrence of `workload` whose kernel and head size are among `tables` its measured times, at
/// the workload's sequence length. The others keep the model of Parameter::recurrence_step.
void take_measured_recurrences(Workload& workload, const std::vector<WkvTable>& tables);

/// What a reader must know of the recurrences of `workload` in `layout`, one sentence each: which kernel is
/// beyond what was measured (as WkvTime::beyond says it), which was not measured at all. Empty where all
/// times are interpolations, and where `tables` is empty.
std::vector<std::string> measured_recurrence_remarks(const Workload& workload,
                                                     const std::vector<WkvTable>& tables,
                                                     const Layout& layout);

}  // namespace trainbudget
