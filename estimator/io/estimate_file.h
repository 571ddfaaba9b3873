// Saved estimates: what `estimate --format json` wrote, read back; and estimates of scenario files, so that
// commands take either.
#pragma once

#include "core/estimate.h"
#include "io/profile_folder.h"
#include "io/yaml_node.h"

#include <string>
#include <vector>

namespace trainbudget::io {

/// The estimate of a report (schema/estimate.schema.json). The title of the accelerator is not part of a
/// report: its name stands for it. Keys that a later minor version added are passed over. Throws InputError
/// for a missing key, a range out of order, an unknown unit, and for a report of another major version.
Estimate read_estimate(const YamlNode& root);

/// The estimate that the file `path` holds: a saved report, or a scenario, which is then estimated with
/// `profiles`. What it is shows in its content. `settings` (`path=value`) change a scenario; a saved report
/// cannot be changed. Throws InputError.
Estimate load_estimate(const std::string& path, const ProfileFolder& profiles,
                       const std::vector<std::string>& settings = {});

}  // namespace trainbudget::io
