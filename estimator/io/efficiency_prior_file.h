// Priors of efficiency: hardware_profiles/efficiency/prior.yaml.
#pragma once

#include "core/efficiency_prior.h"
#include "io/profile_folder.h"

#include <memory>
#include <string>
#include <vector>

namespace trainbudget::io {

/// Reads and checks the file. Throws InputError.
EfficiencyPriors read_efficiency_priors(const std::string& path);

/// Those that come with the program, read once; adds their file to `opened`.
std::shared_ptr<const EfficiencyPriors> shipped_priors(const ProfileFolder& profiles,
                                                       std::vector<std::string>& opened);

}  // namespace trainbudget::io
