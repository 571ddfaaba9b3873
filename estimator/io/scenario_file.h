// From the text of a scenario to a Scenario with every name resolved and every number checked.
// Keys: docs/scenario.md, schema/scenario.schema.json.
#pragma once

#include "core/layout_search.h"
#include "core/scenario.h"
#include "io/profile_folder.h"
#include "io/yaml_node.h"

#include <functional>

namespace trainbudget::io {

/// What was read to build a scenario, for the run stamp and for what the program says besides the report.
struct ScenarioSources {
  std::vector<std::string> files;  ///< profiles and price lists that were opened
  std::string newest_price;  ///< date of the newest price in the list, where the list was used; else empty
};

/// Finds the layout of a scenario that does not name one.
using FindLayout = std::function<LayoutSearch(const StepPlan& plan, const SearchSpace& space)>;
/// The fastest, on this thread.
LayoutSearch find_fastest(const StepPlan& plan, const SearchSpace& space);

/// Reads `root` (see io/scenario_document.h) with the profiles of `profiles`. Throws InputError for unknown,
/// missing and contradictory keys, unknown names, and numbers outside their range.
Scenario read_scenario(const YamlNode& root, const ProfileFolder& profiles,
                       ScenarioSources* sources = nullptr, const FindLayout& find = find_fastest);

}  // namespace trainbudget::io
