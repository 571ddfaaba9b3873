// From a microbenchmark's measurement to an efficiency profile.
#pragma once

#include "core/efficiency.h"
#include "core/measured_efficiency.h"

#include <string>

namespace trainbudget {

/// The stack of a profile whose kernels were measured; what software adds to them is not known.
inline constexpr std::string_view measured_stack = "measured";

/// `generic` (the accelerator's profile for an unknown stack) with what `measured` tells in place of its
/// values: matrix products and their fall with size, memory bandwidth, element-wise kernels, recurrences,
/// and a time factor of one, since these are times of kernels already. A launch costs what it costs in
/// `generic`, at least what was measured. The rest stays as it was, and so does the range: kernels do not
/// tell what a training stack makes of them. `source` names the file.
EfficiencyProfile measured_profile(const EfficiencyProfile& generic, const MeasuredEfficiency& measured,
                                   const std::string& source);

}  // namespace trainbudget
