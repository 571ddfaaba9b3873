// Cluster profiles: hardware_profiles/clusters/<name>.yaml.
#pragma once

#include "core/hardware.h"
#include "io/profile_folder.h"

#include <string>

namespace trainbudget::io {

/// Reads and checks one profile. Throws InputError.
Cluster read_cluster_file(const std::string& path);

/// The profile that `name` means; see ProfileFolder::find.
Cluster find_cluster(const ProfileFolder& profiles, const std::string& name, const Location& where);

}  // namespace trainbudget::io
