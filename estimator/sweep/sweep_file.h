// Files of scenarios: schema/whatif.schema.json, docs/whatif.md.
#pragma once

#include "io/yaml_node.h"
#include "sweep/sweep.h"

namespace trainbudget::sweep {

/// Reads the keys base, scenarios, grid, constraints, compare_to and report. Throws InputError for unknown,
/// missing and contradictory ones; what is inside a scenario is checked when it is evaluated.
Sweep read_sweep(const io::YamlNode& root);

}  // namespace trainbudget::sweep
