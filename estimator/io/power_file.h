// Power in general: hardware_profiles/power.yaml.
#pragma once

#include "core/power.h"

#include <string>

namespace trainbudget::io {

/// Reads and checks the file. Throws InputError.
PowerDefaults read_power_defaults(const std::string& path);

}  // namespace trainbudget::io
