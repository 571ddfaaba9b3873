// Numbers as people read them: `$35,449`, `29.2 days`, `22,436 GPU-hours`, `2.52e22 FLOP`, `312 TFLOP/s`.
#pragma once

#include "core/date.h"
#include "core/ledger.h"

#include <optional>
#include <string>

namespace trainbudget::render {

/// `value` (in the unit's base) with its unit, about three significant digits; money and GPU-hours in full.
std::string number_text(double value, Unit unit);

/// "35,449" or "35,449 to 41,200 (50 %: 38,010)" is left to the tables: this is the p50 alone, or "p10 – p90"
/// where the range has width.
std::string range_text(Range range, Unit unit);

/// YYYY-MM-DD.
std::string date_text(Date date);
/// The same; "after 9999" where there is none.
std::string finish_text(const std::optional<Date>& date);

/// Thousands separated by commas, rounded to `decimals` places.
std::string grouped(double value, int decimals = 0);

/// At least `digits` significant digits, never an exponent, no trailing zeros.
std::string significant(double value, int digits);

}  // namespace trainbudget::render
