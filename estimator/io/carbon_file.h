// Emissions of grids: hardware_profiles/carbon_intensity.csv, one grid and year a row, and which of them
// feeds a region.
#pragma once

#include "core/carbon.h"

#include <string>
#include <vector>

namespace trainbudget::io {

/// Throws InputError.
std::vector<GridIntensity> read_grid_intensities(const std::string& path);
std::vector<RegionPlace> read_region_places(const std::string& path);

}  // namespace trainbudget::io
