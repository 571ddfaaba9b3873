// From a fit to an efficiency profile.
#pragma once

#include "calibration/fit.h"

#include <span>
#include <string>
#include <vector>

namespace trainbudget {

/// The profile of `key` by a fit of step times and one of memory. `rows` are those that the first was fitted
/// to; the newest release of the stack counts. A parameter whose posterior is hardly narrower than its prior
/// is marked assumed: the rows do not tell.
EfficiencyProfile make_profile(const Fit& fit, const Fit& memory, std::span<const Observation* const> rows,
                               const ProfileKey& key, const std::string& source);

/// Those that tell their memory.
std::vector<const Observation*> rows_with_memory(std::span<const Observation* const> rows);

/// The newest date of the rows of an accelerator and a stack; empty where there is none.
std::string newest_date(std::span<const Observation* const> rows, std::string_view accelerator,
                        std::string_view stack);

}  // namespace trainbudget
