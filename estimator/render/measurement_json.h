// measurement.json: what io/measurement_file reads back.
#pragma once

#include "core/measurement.h"

#include <string>

namespace trainbudget::render {

/// JSON by schema/measurement.schema.json. Every number must be finite and every timing must hold a sample.
std::string measurement_json(const Measurement& measurement);

}  // namespace trainbudget::render
