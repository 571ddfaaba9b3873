// The keys of a scenario that make a bill of GPU-hours × price: commitment, own, storage, egress,
// development, staff, contingency.
#pragma once

#include "core/scenario.h"
#include "io/map_reader.h"
#include "io/profile_folder.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"

namespace trainbudget::io {

/// A hundred million accelerators for a century.
inline constexpr double most_gpu_hours = 1e14;

struct BudgetRequest {
  const YamlNode *commitment, *own, *storage, *egress, *development, *staff, *contingency;
  const YamlNode* price;  ///< for the term of a reserved price
};

/// Takes note of the keys, so that MapReader::finish() knows them.
BudgetRequest find_budget(MapReader& map);

/// Sets what `request` asks for. After accelerator, GPUs and price. Throws InputError.
void read_budget(const BudgetRequest& request, const ProfileFolder& profiles, Scenario& scenario,
                 ScenarioSources& sources);

}  // namespace trainbudget::io
