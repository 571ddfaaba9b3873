#include "cli/regions.h"

#include "core/estimate.h"
#include "core/offer.h"
#include "io/price_table.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "render/number_text.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace trainbudget::cli {
namespace {

struct Row {
  std::string provider, region;
  Estimate estimate;
};

std::string word(const io::YamlNode* node, std::string_view key) {
  const io::YamlNode* found = node == nullptr ? nullptr : io::value_of(*node, key);
  return found == nullptr ? "" : found->text;
}

/// The same run, at the cheapest price of one place.
io::YamlNode document_at(const io::YamlNode& document, const Offer& offer) {
  io::YamlNode copy = document;
  for (const char* path : {"energy.region", "energy.country", "energy.grid", "energy.provider"})
    io::remove_at_path(copy, path);
  std::erase_if(copy.entries, [](const io::YamlNode::Entry& entry) {
    return entry.key == "energy" && entry.value.kind == io::YamlNode::Kind::mapping &&
           entry.value.entries.empty();
  });
  const std::pair<const char*, std::string> settings[] = {
      {"price.provider", offer.provider}, {"price.region", offer.region}, {"price.choose", "cheapest"}};
  for (const auto& [path, text] : settings) {
    io::YamlNode value = io::option_value("--regions", text);
    value.quoted = true;
    const io::Location where = value.location;
    io::set_at_path(copy, path, std::move(value), where);
  }
  return copy;
}

std::vector<Row> rows_of(const io::YamlNode& document, const io::ProfileFolder& profiles) {
  const io::YamlNode* price = io::value_of(document, "price");
  if (price != nullptr &&
      (price->kind != io::YamlNode::Kind::mapping || io::value_of(*price, "amount") != nullptr ||
       io::value_of(*price, "schedule") != nullptr)) {
    throw io::InputError(price->location, "the price is given: it is the same in every region",
                         "leave the price out to compare regions");
  }
  if (const io::YamlNode* own = io::value_of(document, "own"))
    throw io::InputError(own->location, "hardware of one's own costs the same in every region",
                         "leave own out to compare regions; --country FRA has the CO2e of one");
  const Scenario asked = io::read_scenario(document, profiles);
  const std::string own_list = word(&document, "prices");
  const std::vector<Offer> offers =
      io::read_price_table(own_list.empty() ? profiles.path("prices/prices.csv") : own_list);
  OfferQuery query{.accelerator = asked.accelerator.name};
  const std::string pricing = word(price, "pricing");
  query.pricing = pricing.empty() ? PricingModel::on_demand : io::pricing_named(pricing, {});
  if (const std::string provider = word(price, "provider"); !provider.empty()) query.provider = provider;
  const std::string as_of = word(&document, "as_of");
  query.as_of = {1, 1, 1};
  for (const Offer& offer : offers) {
    if (offer.quality != PriceQuality::quoted) query.as_of = std::max(query.as_of, offer.as_of.last);
  }
  if (!as_of.empty()) query.as_of = io::parse_date(as_of, {});

  std::set<std::pair<std::string, std::string>> seen;
  std::vector<Row> rows;
  const std::vector<const Offer*> current = current_offers(offers, query);
  for (const Offer* offer : comparable_offers(current, query.as_of)) {
    if (!names_a_place(offer->region) || !seen.insert({offer->provider, offer->region}).second) continue;
    rows.push_back({offer->provider, offer->region,
                    estimate(io::read_scenario(document_at(document, *offer), profiles))});
  }
  if (rows.empty())
    throw io::InputError({.file = "--regions"},
                         "the price list names no region that offers " + asked.accelerator.name,
                         "'trainbudget prices list --gpu " + asked.accelerator.name + "' shows what it has");
  // Where the grid is not known there is half an answer: last, and of each provider the cheapest alone.
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    const bool known_a = a.estimate.co2_grams.has_value();
    const bool known_b = b.estimate.co2_grams.has_value();
    return known_a != known_b ? known_a : a.estimate.cost_usd->p50 < b.estimate.cost_usd->p50;
  });
  std::set<std::string> unknown;
  std::erase_if(
      rows, [&](const Row& row) { return !row.estimate.co2_grams && !unknown.insert(row.provider).second; });
  return rows;
}

}  // namespace

render::Table regions_table(const io::YamlNode& document, const io::ProfileFolder& profiles) {
  const std::vector<Row> rows = rows_of(document, profiles);
  const Row* cleanest = nullptr;
  const Row* cheapest = rows.data();
  for (const Row& row : rows) {
    if (row.estimate.cost_usd->p50 < cheapest->estimate.cost_usd->p50) cheapest = &row;
    if (row.estimate.co2_grams &&
        (cleanest == nullptr || row.estimate.co2_grams->p50 < cleanest->estimate.co2_grams->p50))
      cleanest = &row;
  }
  render::Table table{.columns = {{"provider", "Provider"},
                                  {"region", "Region"},
                                  {"usd_per_gpu_hour", "Price", true},
                                  {"cost_usd", "Cost", true},
                                  {"grid_grams_per_kwh", "Grid", true},
                                  {"energy_joules", "Energy", true},
                                  {"co2_grams", "CO2e", true},
                                  {"mark", ""}}};
  using render::Cell;
  const auto cell = [](const std::optional<double>& value, Unit unit) {
    return value ? Cell::of(render::number_text(*value, unit), *value) : Cell::unknown();
  };
  for (const Row& row : rows) {
    const auto line = [&](const char* id) {
      const LedgerLine* found = find_line(row.estimate, id);
      return found == nullptr ? std::nullopt : std::optional(found->value.p50);
    };
    std::string mark = &row == cheapest ? "cheapest" : "";
    if (&row == cleanest) mark += mark.empty() ? "cleanest" : ", cleanest";
    table.rows.push_back(
        {Cell::of(row.provider), Cell::of(row.region), cell(line("price"), Unit::usd_per_gpu_hour),
         cell(line("cost"), Unit::usd), cell(line("grid_intensity"), Unit::grams_per_kwh),
         cell(line("energy"), Unit::joules), cell(line("co2"), Unit::grams), Cell::of(mark)});
  }
  return table;
}

}  // namespace trainbudget::cli
