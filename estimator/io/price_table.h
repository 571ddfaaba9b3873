// The price list: hardware_profiles/prices/prices.csv, one offer a row.
#pragma once

#include "core/offer.h"
#include "io/csv.h"

#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// Reads and checks the list. Throws InputError with line and column name.
std::vector<Offer> read_price_table(const std::string& path);
std::vector<Offer> read_price_table(const CsvTable& table);

/// YYYY-MM-DD. Throws at `where` for anything else and for days that do not exist.
Date parse_date(std::string_view text, const Location& where);
/// The same, and YYYY-MM (any day of that month) and A..B.
PriceDate parse_price_date(std::string_view text, const Location& where);

/// The pricing model called `word`. Throws at `where` with the nearest.
PricingModel pricing_named(const std::string& word, const Location& where);

/// YYYY-MM-DD.
std::string date_text(Date date);
/// "2026-08-21", "2026-07" or "2022-08-01..2025-03-31".
std::string date_text(const PriceDate& date);

}  // namespace trainbudget::io
