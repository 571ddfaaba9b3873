// Failures, checkpoints and restarts: hardware_profiles/reliability.yaml.
#pragma once

#include "core/reliability.h"

#include <string>

namespace trainbudget::io {

/// Reads and checks the file. Throws InputError.
ReliabilityDefaults read_reliability_defaults(const std::string& path);

}  // namespace trainbudget::io
