#include "io/power_file.h"

#include "io/map_reader.h"
#include "io/sourced_reader.h"

namespace trainbudget::io {
namespace {

Provenance read_origin(MapReader& map, const SourcedReader& sources) {
  Provenance provenance = sources.named(map.require("from"));
  if (const YamlNode* note = map.find("note")) provenance.note = read_string(*note);
  return provenance;
}

Sourced<Range> read_sourced_fractions(const YamlNode& node, const SourcedReader& sources) {
  MapReader map(node, "quantiles");
  const Range range = read_quantiles(map, QuantityKind::fraction);
  Sourced<Range> result{range, read_origin(map, sources)};
  map.finish();
  return result;
}

Range read_plain_quantiles(const YamlNode& node, QuantityKind kind) {
  MapReader map(node, "quantiles");
  const Range range = read_quantiles(map, kind);
  map.finish();
  return range;
}

ServerOverhead read_overhead(const YamlNode& node, const SourcedReader& sources) {
  MapReader map(node, "server overhead");
  ServerOverhead overhead;
  if (const YamlNode* accelerators = map.find("accelerators"))
    overhead.accelerators = read_strings(*accelerators);
  if (const YamlNode* watts = map.find("per_accelerator"))
    overhead.watts = read_plain_quantiles(*watts, QuantityKind::watts);
  if (const YamlNode* share = map.find("fraction_of_tdp"))
    overhead.fraction_of_tdp = read_plain_quantiles(*share, QuantityKind::fraction);
  if (overhead.watts.has_value() == overhead.fraction_of_tdp.has_value()) {
    throw InputError(node.location, "one of 'per_accelerator' and 'fraction_of_tdp' is wanted");
  }
  overhead.provenance = read_origin(map, sources);
  map.finish();
  return overhead;
}

EmbodiedCarbon read_embodied(const YamlNode& node, const SourcedReader& sources) {
  MapReader map(node, "embodied");
  EmbodiedCarbon embodied{.accelerators = read_strings(map.require("accelerators")),
                          .grams = read_plain_quantiles(map.require("per_accelerator"), QuantityKind::grams),
                          .provenance = read_origin(map, sources)};
  map.finish();
  return embodied;
}

/// `{value, year, from}`; the year is the date of the figure.
Sourced<double> read_pue(MapReader& map, const SourcedReader& sources) {
  const YamlNode& value = map.require("value");
  Sourced<double> pue{read_quantity<double>(value), read_origin(map, sources)};
  pue.provenance.date = read_string(map.require("year"));
  if (pue.value < 1.0 || pue.value > 3.0) throw InputError(value.location, "a PUE from 1 to 3 is wanted");
  map.finish();
  return pue;
}

}  // namespace

PowerDefaults read_power_defaults(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  MapReader map(root, "power defaults");
  check_schema(map, "trainbudget/power/1");
  const SourcedReader sources(map.require("sources"));
  PowerDefaults defaults{.load_fraction = read_sourced_fractions(map.require("load_fraction"), sources)};
  for (const YamlNode& item : map.require("server_overhead").items)
    defaults.server_overhead.push_back(read_overhead(item, sources));
  defaults.network_fraction = read_sourced_fractions(map.require("network_fraction"), sources);
  for (const YamlNode& item : map.require("pue").items) {
    MapReader entry(item, "pue");
    BuildingPue pue{.provider = read_string(entry.require("provider"))};
    if (const YamlNode* region = entry.find("region")) pue.region = read_string(*region);
    const Sourced<double> value = read_pue(entry, sources);
    pue.value = value.value;
    pue.provenance = value.provenance;
    defaults.pue.push_back(std::move(pue));
  }
  MapReader fallback(map.require("default_pue"), "default_pue");
  const Sourced<double> pue = read_pue(fallback, sources);
  defaults.default_pue = {exactly(pue.value), pue.provenance};
  for (const YamlNode& item : map.require("embodied").items)
    defaults.embodied.push_back(read_embodied(item, sources));
  SourcedReader numbers = sources;
  defaults.hardware_life = numbers.read<Seconds>(map.require("hardware_life"));
  defaults.hardware_utilization = numbers.read<double>(map.require("hardware_utilization"));
  defaults.grid_spread = numbers.read<double>(map.require("grid_spread"));
  map.finish();
  return defaults;
}

}  // namespace trainbudget::io
