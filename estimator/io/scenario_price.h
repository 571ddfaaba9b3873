// The price of a scenario: given, or looked up in the price list.
#pragma once

#include "core/offer.h"
#include "core/scenario.h"
#include "io/profile_folder.h"
#include "io/quantity_text.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"

#include <optional>
#include <string>

namespace trainbudget::io {

/// The newest day on which a price of the list was seen: what `as_of` is where it is not given.
Date newest_day(const std::vector<Offer>& offers);

/// Which price is wanted, as the key `price` of a scenario says it.
struct PriceRequest {
  const YamlNode* node = nullptr;  ///< the key `price`; nullptr where it is absent
  std::string accelerator;
  std::string provider;  ///< of the cluster; a provider in the key goes first
  const YamlNode* as_of = nullptr;
  const YamlNode* list = nullptr;  ///< the key `prices`: a file instead of the list that is shipped
};

/// Appends what was assumed to `scenario` and returns the price in US dollars per GPU-hour; nothing where
/// none was asked for and the list has none. Throws InputError for a price that was asked for and does not
/// exist, naming what does.
std::optional<SourcedRange> read_price(const PriceRequest& request, const ProfileFolder& profiles,
                                       Scenario& scenario, ScenarioSources& sources);

/// A value `a`, a span `a..b` (its ends are P10 and P90, P50 their geometric mean), or a mapping {p10, p50,
/// p90, source}.
SourcedRange read_range(const YamlNode& node, QuantityKind kind);
/// The same, all of it from `least` to `most` (SI base units): what lies beyond them is a slip of the pen.
SourcedRange read_range(const YamlNode& node, QuantityKind kind, double least, double most);

/// Throws unless `value`, which `node` says, is from `least` to `most`.
void require_within(const YamlNode& node, QuantityKind kind, double value, double least, double most);

/// Provenance of a number that the user gave: its file and line, or its option.
Provenance given_by_user(const Location& where);

}  // namespace trainbudget::io
