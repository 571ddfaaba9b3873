// The keys of a scenario that say how its steps run: layout, global_batch, fit, stack, and an efficiency
// profile.
#pragma once

#include "core/scenario.h"
#include "io/map_reader.h"
#include "io/profile_folder.h"
#include "io/scenario_file.h"

#include <optional>

namespace trainbudget::io {

/// Below this a batch is of sequences, from here on of tokens: no run has batches of 65,536 sequences or more
/// that are of less than as many tokens.
inline constexpr double fewest_batch_tokens = 65536.0;

struct StepRequest {
  const YamlNode* layout = nullptr;
  const YamlNode* global_batch = nullptr;
  const YamlNode* fit = nullptr;
  const YamlNode* stack = nullptr;
  const YamlNode* efficiency = nullptr;  ///< only where it names a profile
  const FindLayout& find;
  bool any() const { return layout || global_batch || fit || stack || efficiency; }
};

/// What a step trains, as the key `global_batch` says it.
struct BatchSize {
  double size = 0.0;       ///< tokens or sequences
  bool in_tokens = false;  ///< it says so, or is too large for sequences
};
/// Throws InputError.
BatchSize read_batch_size(const YamlNode& node);

/// The quantile of memory that the key `fit` asks to fit. Throws InputError.
Quantile read_fit(const YamlNode& node);

/// Whether the text of the key `efficiency` names a profile instead of a fraction.
bool names_efficiency_profile(const YamlNode& node);

/// Fills `scenario.step`. The model, the accelerator, their number and the precision must have been read.
/// Without a layout, the fastest one that fits is taken, and said. Throws InputError for what cannot be
/// computed.
void read_step(const StepRequest& request, const std::optional<Cluster>& cluster,
               const ProfileFolder& profiles, const Location& where, Scenario& scenario,
               ScenarioSources& sources);

}  // namespace trainbudget::io
