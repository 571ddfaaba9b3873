// Priors of efficiency: hardware_profiles/efficiency/prior.yaml.
#pragma once

#include "core/efficiency_prior.h"

#include <string>

namespace trainbudget::io {

/// Reads and checks the file. Throws InputError.
EfficiencyPriors read_efficiency_priors(const std::string& path);

}  // namespace trainbudget::io
