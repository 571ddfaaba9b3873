// The key `spot` of a scenario: instances that their owner takes back.
#pragma once

#include "io/profile_folder.h"
#include "io/scenario_file.h"
#include "io/scenario_price.h"
#include "io/yaml_node.h"

namespace trainbudget::io {

/// Reads `{preempted_every, notice, replacement, gpus_per_instance, on_demand_share, on_demand_price}`, each
/// optional, into a scenario whose reliability is known; with nullptr, the defaults for a spot price. An
/// on-demand price that is not given is asked of the price list as `price` asks it. Throws InputError, also
/// where the run could not be expected to end.
void read_spot(const YamlNode* node, const PriceRequest& price, const Location& where,
               const ProfileFolder& profiles, Scenario& scenario, ScenarioSources& sources);

/// Whether `price` asks for a spot price.
bool asks_for_spot(const YamlNode* price);

}  // namespace trainbudget::io
