// Model profiles: model_profiles/<name>.yaml, schema/model.schema.json.
#pragma once

#include "core/model_profile.h"
#include "io/yaml_node.h"

#include <string>

namespace trainbudget::io {

/// Reads and checks one profile. Throws InputError at the place of what is wrong.
ModelProfile read_model(const YamlNode& root);
ModelProfile read_model_file(const std::string& path);

}  // namespace trainbudget::io
