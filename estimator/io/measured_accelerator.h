// Which accelerator a measurement was made on.
#pragma once

#include "core/measurement.h"
#include "io/profile_folder.h"

#include <vector>

namespace trainbudget::io {

/// The accelerators of `profiles` that `measurement` may speak for: none for an unknown or emulated one.
std::vector<Accelerator> accelerators_meant(const ProfileFolder& profiles, const Measurement& measurement);

}  // namespace trainbudget::io
