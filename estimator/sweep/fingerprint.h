// What tells one sweep from another.
#pragma once

#include "sweep/sweep.h"

#include <string>

namespace trainbudget::sweep {

/// SHA-256 over everything that a sweep's rows depend on but the profiles, and the given version of the
/// program.
std::string fingerprint(const Sweep& sweep, const std::string& version);

}  // namespace trainbudget::sweep
