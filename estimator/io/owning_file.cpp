#include "io/owning_file.h"

#include "io/map_reader.h"
#include "io/sourced_reader.h"

#include <algorithm>

namespace trainbudget::io {
namespace {

constexpr double joules_per_kwh = 3.6e6;
constexpr double seconds_per_year = hours_per_year * seconds_per_hour;

template <class Entries>
auto find_entry(const Entries& entries, std::string_view accelerator) -> decltype(&entries.front().value) {
  for (const auto& entry : entries) {
    const bool fits = std::find(entry.accelerators.begin(), entry.accelerators.end(), accelerator) !=
                      entry.accelerators.end();
    if (fits) return &entry.value;
  }
  return nullptr;
}

/// `{value, from, note}` of any kind; zero is a number here (no residual value, no interest).
Sourced<double> number(const YamlNode& node, QuantityKind kind, const SourcedReader& sources) {
  MapReader map(node, "number");
  Sourced<double> result{read_quantity_value(map.require("value"), kind), sources.named(map.require("from"))};
  if (const YamlNode* note = map.find("note")) result.provenance.note = read_string(*note);
  map.finish();
  return result;
}

}  // namespace

const Sourced<Range>* OwningDefaults::capex_of(std::string_view accelerator) const {
  return find_entry(capex_usd, accelerator);
}

const Sourced<double>* OwningDefaults::rated_watts_of(std::string_view accelerator) const {
  return find_entry(rated_watts, accelerator);
}

OwningDefaults read_owning_defaults(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  MapReader map(root, "owning defaults");
  check_schema(map, "trainbudget/owning/1");
  const SourcedReader sources(map.require("sources"));
  const auto provenance_of = [&](MapReader& entry) {
    Provenance provenance = sources.named(entry.require("from"));
    if (const YamlNode* note = entry.find("note")) provenance.note = read_string(*note);
    return provenance;
  };
  OwningDefaults defaults;
  for (const YamlNode& item : map.require("capex").items) {
    MapReader entry(item, "capex");
    MapReader quantiles(entry.require("per_accelerator"), "quantiles");
    defaults.capex_usd.push_back({read_strings(entry.require("accelerators")),
                                  {read_quantiles(quantiles, QuantityKind::usd), provenance_of(entry)}});
    quantiles.finish();
    entry.finish();
  }
  for (const YamlNode& item : map.require("rated_power").items) {
    MapReader entry(item, "rated power");
    defaults.rated_watts.push_back(
        {read_strings(entry.require("accelerators")),
         {read_quantity_value(entry.require("value"), QuantityKind::watts), provenance_of(entry)}});
    entry.finish();
  }
  const auto read = [&](const char* key, QuantityKind kind) {
    return number(map.require(key), kind, sources);
  };
  OwnedHardware& own = defaults.common;
  own.life_years = read("life", QuantityKind::seconds);
  own.life_years.value /= seconds_per_year;
  own.cost_of_capital = read("cost_of_capital", QuantityKind::fraction);
  own.residual_fraction = read("residual", QuantityKind::fraction);
  own.contracted_fraction = read("contracted_share", QuantityKind::fraction);
  own.colocation_usd_per_kw_month = read("colocation_per_kw_month", QuantityKind::usd);
  own.load_fraction = read("load_fraction", QuantityKind::fraction);
  own.pue = read("pue", QuantityKind::count);
  own.usd_per_kwh = read("electricity", QuantityKind::usd_per_joule);
  own.usd_per_kwh.value *= joules_per_kwh;
  own.staff_usd_per_year = read("staff_per_year", QuantityKind::usd);
  own.maintenance_fraction = read("maintenance", QuantityKind::fraction);
  own.utilization = read("utilization", QuantityKind::fraction);
  map.finish();
  return defaults;
}

}  // namespace trainbudget::io
