// What `track` knows of a run besides its log: a scenario of which most may be missing.
#pragma once

#include "core/estimate.h"
#include "core/progress.h"
#include "io/profile_folder.h"
#include "io/yaml_node.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget::io {

struct TrackedScenario {
  TrackedRun run;
  std::string title;             ///< "rwkv-7-1.5b on 1T tokens"
  std::string accelerator;       ///< as the vendor prints it; empty: unknown
  Scenario scenario;             ///< as much of it as is known: all where there is a plan
  std::optional<Estimate> plan;  ///< what was to be expected: where model and hardware are known
  std::vector<std::string> assumptions;
  std::vector<std::string> warnings;
};

/// Reads `root` (see io/scenario_document.h). Tokens and accelerators that it lacks are taken from the log.
/// With a model and hardware it is a whole scenario, and its estimate the plan; without, the model, the price
/// and the rest count where they are given. Throws InputError as read_scenario does, where nothing says how
/// many tokens the run is to train on, and for a price that cannot be looked up without hardware.
TrackedScenario read_tracked_scenario(YamlNode root, const TrainingLog& log, const ProfileFolder& profiles);

}  // namespace trainbudget::io
