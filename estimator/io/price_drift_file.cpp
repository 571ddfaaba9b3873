#include "io/price_drift_file.h"

#include "io/sourced_reader.h"

namespace trainbudget::io {

PriceVolatilities read_price_volatilities(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  MapReader map(root, "price drift");
  check_schema(map, "trainbudget/price-drift/1");
  SourcedReader sources(map.require("sources"));
  MapReader rows(map.require("volatility"), "volatility");
  PriceVolatilities volatilities;
  for (const PricingModel pricing : all_pricing_models) {
    const YamlNode& row = rows.require(std::string(name_of(pricing)));
    const Sourced<double> number = sources.read<double>(row);
    if (number.value > 2.0) throw InputError(row.location, "a share of the price a year is wanted");
    volatilities.emplace(pricing, number);
  }
  rows.finish();
  map.finish();
  return volatilities;
}

}  // namespace trainbudget::io
