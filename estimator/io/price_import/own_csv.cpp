// A list of one's own: accelerator, provider, pricing (or pricing_model), usd_per_gpu_hour, as_of and, where
// known, instance (or instance_name), gpus_per_instance, region, source.
#include "io/price_import/rows.h"
#include "io/price_table.h"
#include "io/profile_names.h"
#include "io/quantity_text.h"
#include "io/suggest.h"

#include <algorithm>
#include <cmath>

namespace trainbudget::io {

namespace {

/// A day of grace: it is tomorrow in the east already.
PriceDate seen_on(const std::string& text, const Location& where, Date today) {
  const PriceDate date = parse_price_date(text, where);
  if (days_between(today, date.first) > 1)
    throw InputError(where, "'" + text.substr(0, 40) + "' is yet to come",
                     "as_of is the day on which the price was seen");
  return date;
}

}  // namespace

void import_own_csv(const ImportRows& rows, PriceImport& import) {
  constexpr double least_usd = 0.01;
  constexpr double most_usd = 1e4;
  const CsvTable& table = rows.table();
  constexpr std::string_view known[] = {"accelerator",      "provider", "pricing",       "pricing_model",
                                        "usd_per_gpu_hour", "instance", "instance_name", "gpus_per_instance",
                                        "region",           "as_of",    "source",        "note"};
  if (const auto written = table.find_column("date_precision"))
    throw InputError(table.header_location(*written), "this list is as 'prices import' writes it already",
                     "give it as it is: --prices FILE");
  table.check_columns(known);
  const auto either = [&](const char* a, const char* b) {
    const auto found = table.find_column(b);
    return found ? *found : table.column(a);
  };
  const auto optional = [&](const char* a, const char* b) {
    const auto found = table.find_column(a);
    return found ? found : table.find_column(b);
  };
  const std::size_t accelerator = table.column("accelerator");
  const std::size_t provider = table.column("provider");
  const std::size_t pricing = either("pricing", "pricing_model");
  const std::size_t price = table.column("usd_per_gpu_hour");
  const std::size_t as_of = table.column("as_of");
  const auto instance = optional("instance", "instance_name");
  const auto gpus = optional("gpus_per_instance", "gpus_per_instance");
  const auto region = optional("region", "region");
  const auto source = optional("source", "source");
  const auto note = optional("note", "note");
  const auto& profiles = rows.request().profiles;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto text = [&](const std::optional<std::size_t>& column) {
      return column ? rows.text(row, *column) : std::string();
    };
    const std::string name = lower_case(rows.text(row, accelerator));
    if (std::find(profiles.begin(), profiles.end(), name) == profiles.end()) {
      const std::string hint = did_you_mean_any(name, profiles);
      rows.drop(row, "unknown accelerator '" + name.substr(0, 60) + "'" + (hint.empty() ? "" : "; " + hint),
                text(instance), import);
      continue;
    }
    if (rows.text(row, provider).empty())
      throw InputError(table.location(row, provider), "a provider is wanted");
    const std::optional<double> usd = rows.number(row, price);
    if (!usd || !(*usd >= least_usd) || *usd > most_usd)
      throw InputError(table.location(row, price), "a price from 0.01 to 10000 USD per GPU-hour is wanted");
    const double count = gpus ? rows.number(row, *gpus).value_or(0.0) : 0.0;
    if (count > 1e6 || count != std::floor(count))
      throw InputError(table.location(row, *gpus), "a whole number of GPUs is wanted");
    import.offers.push_back(
        {.accelerator = name,
         .provider = lower_case(rows.text(row, provider)),
         .pricing = pricing_named(rows.text(row, pricing), table.location(row, pricing)),
         .price = usd_per_hour(*usd),
         .instance = text(instance),
         .gpus_per_instance = static_cast<int>(count),
         .region = text(region),
         .as_of = seen_on(rows.text(row, as_of), table.location(row, as_of), rows.request().today),
         .quality = PriceQuality::b,
         .source = source ? text(source) : "own list",
         .note = text(note)});
  }
}

}  // namespace trainbudget::io
