// Power, grid and CO2e of a scenario: given, or from hardware_profiles/power.yaml and carbon_intensity.csv.
#pragma once

#include "core/scenario.h"
#include "io/profile_folder.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"

#include <string>

namespace trainbudget::io {

struct EnergyRequest {
  const YamlNode* node = nullptr;  ///< the key `energy`; nullptr where it is absent
  std::string provider;            ///< of the price or the cluster; both may be empty
  std::string region;
};

/// Sets power and carbon of `scenario`, whose accelerator is known, and appends what was assumed. Throws
/// InputError.
void read_energy(const EnergyRequest& request, const ProfileFolder& profiles, Scenario& scenario,
                 ScenarioSources& sources);

/// The grid of `region` at `provider`, as price lists and people write it ("Iowa (us-central1)", "East US");
/// nullptr where it is unknown.
const GridIntensity* grid_of_region(std::span<const GridIntensity> grids, std::string_view provider,
                                    std::string_view region, int year);

}  // namespace trainbudget::io
