// Numbers in machine-readable output.
#pragma once

#include <nlohmann/json.hpp>

namespace trainbudget::render {

/// `value` rounded to 12 significant digits, so that a last-bit difference between two mathematics libraries
/// does not change the bytes of a report.
double stable(double value);

/// A JSON number: an integer where `value` is one below 2^53, null where it is not finite (JSON has no NaN).
nlohmann::ordered_json json_number(double value);

}  // namespace trainbudget::render
