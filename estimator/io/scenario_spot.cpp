#include "io/scenario_spot.h"

#include "io/map_reader.h"
#include "io/reliability_file.h"
#include "io/sourced_reader.h"

#include <algorithm>
#include <utility>

namespace trainbudget::io {
namespace {

constexpr double most_seconds = 1e10;
constexpr double most_share = 0.999;

SourcedRange read_duration(const YamlNode& node) {
  return read_range(node, QuantityKind::seconds, 0.0, most_seconds);
}

/// A number from 0 on.
Sourced<double> read_from_zero(const YamlNode& node, QuantityKind kind, double most) {
  const double value = read_quantity_value(node, kind);
  require_within(node, kind, value, 0.0, most);
  return {value, given_by_user(node.location)};
}

/// `key: value` in a copy of the mapping `node`.
YamlNode with(const YamlNode& node, const std::string& key, const std::string& value) {
  YamlNode copy = node;
  for (YamlNode::Entry& entry : copy.entries) {
    if (entry.key == key) entry.value.text = value;
  }
  return copy;
}

/// The price of the same on demand; nothing where the list has none.
std::optional<SourcedRange> on_demand_price(const PriceRequest& spot, const ProfileFolder& profiles,
                                            ScenarioSources& sources) {
  PriceRequest request = spot;
  YamlNode node;
  if (asks_for_spot(spot.node)) {
    node = with(*spot.node, "pricing", "on_demand");
    request.node = &node;
  } else {
    request.node = nullptr;
  }
  Scenario unused;
  try {
    return read_price(request, profiles, unused, sources);
  } catch (const InputError&) {
    return std::nullopt;  // this provider has none on demand
  }
}

}  // namespace

bool asks_for_spot(const YamlNode* price) {
  if (price == nullptr || price->kind != YamlNode::Kind::mapping) return false;
  return std::any_of(price->entries.begin(), price->entries.end(), [](const YamlNode::Entry& entry) {
    return entry.key == "pricing" && entry.value.text == "spot";
  });
}

void read_spot(const YamlNode* node, const PriceRequest& price, const Location& where,
               const ProfileFolder& profiles, Scenario& scenario, ScenarioSources& sources) {
  const auto defaults = reliability_defaults(profiles, sources);
  Reliability& r = *scenario.reliability;
  std::string provider = price.provider;
  if (price.node != nullptr) {
    if (const YamlNode* named = value_of(*price.node, "provider")) provider = named->text;
  }
  const Accelerator& gpu = scenario.accelerator;
  Spot spot{
      .notice_seconds = default_notice(*defaults, provider),
      .replacement_seconds = defaults->replacement_seconds,
      .gpus_per_instance = gpu.accelerators_per_node
                               ? *gpu.accelerators_per_node
                               : Sourced<double>{1.0, {.origin = Origin::assumed, .source = "one GPU each"}},
      .on_demand_share = {0.0, {.origin = Origin::assumed, .source = "all on spot"}}};
  spot.gpus_per_instance.value = std::min(spot.gpus_per_instance.value, scenario.gpus.value);
  const YamlNode* dear = nullptr;
  std::string assumed = "notice, replacement";
  if (node != nullptr) {
    MapReader map(*node, "spot");
    if (const YamlNode* every = map.find("preempted_every")) spot.seconds_between = read_duration(*every);
    const YamlNode* notice = map.find("notice");
    if (notice != nullptr) spot.notice_seconds = read_from_zero(*notice, QuantityKind::seconds, most_seconds);
    const YamlNode* replacement = map.find("replacement");
    if (replacement != nullptr) spot.replacement_seconds = read_duration(*replacement);
    if (notice != nullptr) assumed = replacement != nullptr ? "" : "replacement";
    if (notice == nullptr && replacement != nullptr) assumed = "notice";
    if (const YamlNode* size = map.find("gpus_per_instance"))
      spot.gpus_per_instance = {static_cast<double>(read_integer(*size, 1, 65536)),
                                given_by_user(size->location)};
    if (const YamlNode* share = map.find("on_demand_share"))
      spot.on_demand_share = read_from_zero(*share, QuantityKind::fraction, most_share);
    dear = map.find("on_demand_price");
    map.finish();
  }
  if (dear != nullptr) {
    spot.on_demand_price =
        read_range(*dear, QuantityKind::usd_per_second, 1e-6 / seconds_per_hour, 1e4 / seconds_per_hour);
    spot.on_demand_price->value = spot.on_demand_price->value * seconds_per_hour;
  } else {
    spot.on_demand_price = on_demand_price(price, profiles, sources);
  }
  if (spot.on_demand_share.value > 0.0 && !spot.on_demand_price)
    throw CombinationError(where, "a share on demand, but no price of that is known",
                           "give it: spot: {on_demand_price: $3/h}");
  if (!assumed.empty())
    scenario.assumptions.push_back("spot: " + assumed + " as in hardware_profiles/reliability.yaml");
  r.spot = std::move(spot);
  require_progress(r, scenario.gpus.value, where);
}

}  // namespace trainbudget::io
