// Cluster profiles: hardware_profiles/clusters/<name>.yaml.
#pragma once

#include "core/hardware.h"
#include "io/profile_folder.h"

#include <string>

namespace trainbudget::io {

/// Reads and checks one profile. Throws InputError.
Cluster read_cluster_file(const std::string& path);

/// The profile as a file. What other sources say (`disputed`) becomes part of the notes.
std::string write_cluster_profile(const Cluster& cluster);

/// The profile that `name` means, see ProfileFolder::find, or the one in the file `name` where that ends in
/// .yaml.
Cluster find_cluster(const ProfileFolder& profiles, const std::string& name, const Location& where);

}  // namespace trainbudget::io
