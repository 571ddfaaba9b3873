// Price lists of others as offers: SkyPilot's catalogs, dstack's gpuhunt, and a CSV of one's own. What cannot
// be read as a price of one accelerator is dropped, with its line and the reason; nothing is guessed.
#pragma once

#include "core/offer.h"
#include "io/csv.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

enum class PriceSource { skypilot, gpuhunt, csv };

/// What a list calls an accelerator: hardware_profiles/prices/import_names.csv. Empty fields fit anything.
struct ImportName {
  std::string source;  ///< skypilot or gpuhunt
  std::string provider;
  std::string name;         ///< as the list writes it
  std::string instance;     ///< a part of the instance's name, letter case aside
  std::string memory_gb;    ///< as the list writes it
  std::string accelerator;  ///< a profile; empty: known, and not priced here, for the reason in `note`
  std::string note;
};

std::vector<ImportName> read_import_names(const std::string& path);

struct ImportRequest {
  PriceSource source = PriceSource::csv;
  std::string provider;  ///< of the whole file
  Date as_of;
  DatePrecision date_precision = DatePrecision::stated;
  Date today = {9999, 12, 31};  ///< no price was seen after it
  std::span<const ImportName> names;
  std::span<const std::string> profiles;  ///< names of accelerators that have a profile
};

struct DroppedRow {
  Location where;
  std::string reason;  ///< the same words for the same reason
  std::string what;    ///< of the row: its name and price
};

struct PriceImport {
  std::vector<Offer> offers;
  std::vector<DroppedRow> dropped;
  std::vector<std::string> warnings;
};

/// Reads `table`. Throws InputError, with its place, for a column that is missing and a number that is none.
PriceImport import_prices(const CsvTable& table, const ImportRequest& request);

/// Chips of a TPU slice: the number at the end of `name` (v6e-256), halved where it counts TensorCores (v2,
/// v3, v4, v5p); 0 where the name has none.
double tpu_chips(std::string_view name);

/// Marks offers as suspect (quality C), each with the reason and a warning: spot that is dearer than on
/// demand, and on-demand prices of a region below 60 % of the median over the regions of the same provider
/// and accelerator.
void mark_suspects(PriceImport& import);

/// Leaves one of the offers that differ in nothing but the zone; and in the region as well, where a provider
/// asks the same everywhere and its regions have no grid of their own.
void drop_duplicates(PriceImport& import);

}  // namespace trainbudget::io
