// Efficiency profiles: hardware_profiles/efficiency/<accelerator>/<stack>.yaml,
// schema/efficiency-profile.schema.json.
#pragma once

#include "core/efficiency.h"
#include "io/profile_folder.h"
#include "io/yaml_node.h"

#include <string>
#include <vector>

namespace trainbudget::io {

/// Reads and checks one profile. A parameter that the file leaves out has its typical value and prior spread,
/// as assumed. Throws InputError at the place of what is wrong.
EfficiencyProfile read_efficiency_profile(const YamlNode& root);

/// The profile as a file.
std::string write_efficiency_profile(const EfficiencyProfile& profile);

/// Names of all profiles, "<accelerator>/<stack>", sorted.
std::vector<std::string> efficiency_profile_names(const ProfileFolder& profiles);

/// The profile called `name`, or in the file `name` where that ends in .yaml. Throws at `where`.
EfficiencyProfile find_efficiency_profile(const ProfileFolder& profiles, const std::string& name,
                                          const Location& where);

}  // namespace trainbudget::io
