// Model profiles: model_profiles/<name>.yaml, schema/model.schema.json.
#pragma once

#include "core/model_profile.h"
#include "io/profile_folder.h"
#include "io/yaml_node.h"

#include <string>
#include <vector>

namespace trainbudget::io {

/// More than any model has, and few enough that none of them is spelled out for long.
inline constexpr int most_layers = 10'000;

/// Reads and checks one profile. Throws InputError at the place of what is wrong.
ModelProfile read_model(const YamlNode& root);
ModelProfile read_model_file(const std::string& path);

/// The profile that `name` means; see ProfileFolder::find. Aliases are names on huggingface.co.
ModelProfile find_model(const ProfileFolder& profiles, const std::string& name, const Location& where);

/// All model profiles, by name.
std::vector<ModelProfile> read_all_models(const ProfileFolder& profiles);

}  // namespace trainbudget::io
