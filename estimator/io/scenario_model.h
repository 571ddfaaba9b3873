// What a scenario trains: a number of parameters, a model profile, or a Hugging Face config.json.
#pragma once

#include "core/scenario.h"
#include "io/map_reader.h"
#include "io/profile_folder.h"
#include "io/scenario_file.h"

#include <string>

namespace trainbudget::io {

/// Reads the keys `params`, `model`, `config` (one of the three) and `sequence_length` into `scenario`.
/// Throws InputError for none, several, an unknown model, and a sequence that the model cannot take.
void read_trained_model(MapReader& map, const ProfileFolder& profiles, Scenario& scenario,
                        ScenarioSources& sources);

/// "14B parameters", "rwkv-7-7.2b".
std::string what_is_trained(const Scenario& scenario);

/// A whole number from 1 to `most` of `what`.
Sourced<double> read_count(const YamlNode& node, QuantityKind kind, double most, const char* what);

}  // namespace trainbudget::io
