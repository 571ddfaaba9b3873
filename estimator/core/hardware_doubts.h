// What a profile says that no hardware does: numbers that are read, and were probably meant otherwise.
#pragma once

#include "core/hardware.h"

#include <string>
#include <vector>

namespace trainbudget {

/// Dense peaks that are no less than the sparse ones, narrow numbers slower than wide ones, links faster than
/// memory. A departure that the profile declares among its exceptions is meant.
std::vector<std::string> doubts(const Accelerator& accelerator);

/// Groups that the one around them cuts, and links that are faster than those inside of them.
std::vector<std::string> doubts(const Cluster& cluster);

}  // namespace trainbudget
