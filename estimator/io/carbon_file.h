// Emissions of grids: hardware_profiles/carbon_intensity.csv, one grid and year a row.
#pragma once

#include "core/carbon.h"

#include <string>
#include <vector>

namespace trainbudget::io {

/// Throws InputError.
std::vector<GridIntensity> read_grid_intensities(const std::string& path);

}  // namespace trainbudget::io
