// The profiles of the source tree.
#pragma once

#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/profile_folder.h"

#include <string>
#include <vector>

namespace profiles {

inline trainbudget::io::ProfileFolder folder() {
  return trainbudget::io::ProfileFolder(TRAINBUDGET_PROFILES_DIR);
}

inline std::vector<trainbudget::Accelerator> all_accelerators() {
  std::vector<trainbudget::Accelerator> all;
  for (const std::string& name : folder().names("accelerators"))
    all.push_back(trainbudget::io::find_accelerator(folder(), name, {}));
  return all;
}

inline std::vector<trainbudget::Cluster> all_clusters() {
  std::vector<trainbudget::Cluster> all;
  for (const std::string& name : folder().names("clusters"))
    all.push_back(trainbudget::io::find_cluster(folder(), name, {}));
  return all;
}

}  // namespace profiles
