// Failures, checkpoints and restarts: hardware_profiles/reliability.yaml, and the key `reliability` of a
// scenario.
#pragma once

#include "core/reliability.h"
#include "core/scenario.h"
#include "io/profile_folder.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"

#include <memory>
#include <string>

namespace trainbudget::io {

/// Reads and checks the file. Throws InputError.
ReliabilityDefaults read_reliability_defaults(const std::string& path);

/// The same of the profiles in use, read once.
std::shared_ptr<const ReliabilityDefaults> reliability_defaults(const ProfileFolder& profiles,
                                                                ScenarioSources& sources);

/// Throws InputError at `where` for a run that hardly ever makes progress.
void require_progress(const Reliability& reliability, double gpus, const Location& where);

/// Reads `{runs, seed}` for a scenario whose reliability is known. Throws InputError.
Simulation read_simulation(const YamlNode& node, const Scenario& scenario);

/// Reads `{gpu_hours_per_interruption, checkpoint_size, checkpoint_bandwidth, checkpoint_interval, restart,
/// stalls, spare_gpus, residual}`, each optional, into a scenario whose accelerator, GPUs, parameters and
/// step are known; with nullptr, the defaults. Throws InputError, also where the run could not be expected to
/// end.
void read_reliability(const YamlNode* node, const ProfileFolder& profiles, Scenario& scenario,
                      ScenarioSources& sources);

}  // namespace trainbudget::io
