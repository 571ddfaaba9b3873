// Accelerator profiles: hardware_profiles/accelerators/<name>.yaml, schema/accelerator.schema.json.
#pragma once

#include "core/hardware.h"
#include "io/profile_folder.h"

#include <string>

namespace trainbudget::io {

/// Reads and checks one profile. Throws InputError.
Accelerator read_accelerator_file(const std::string& path);

/// The profile that `name` means; see ProfileFolder::find.
Accelerator find_accelerator(const ProfileFolder& profiles, const std::string& name, const Location& where);

/// The precision called `word`. Throws at `where` with the nearest word.
Precision precision_named(const std::string& word, const Location& where);

}  // namespace trainbudget::io
