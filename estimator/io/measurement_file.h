// measurement.json, as trainbudget-microbench writes it (render/measurement_json.h,
// schema/measurement.schema.json).
#pragma once

#include "core/measurement.h"
#include "io/yaml_node.h"

#include <string>
#include <string_view>

namespace trainbudget::io {

/// The format that is written and read.
inline constexpr std::string_view measurement_schema = "trainbudget/measurement/2";

/// Reads and checks a measurement. Throws InputError at the place of what is wrong: another kind of file,
/// another version of this one, missing or unknown keys, samples that are no times, and figures that do not
/// follow from the samples.
Measurement read_measurement(const YamlNode& root);
Measurement read_measurement_file(const std::string& path);

}  // namespace trainbudget::io
