// CO2e of a run: the grid that feeds it, and its share in the making of the hardware. Location-based: what
// the grid emits where the run is, not what certificates say.
#pragma once

#include "core/provenance.h"
#include "core/quantity.h"
#include "core/uncertainty.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// Mean emissions of one grid in one year. Data: hardware_profiles/carbon_intensity.csv.
struct GridIntensity {
  std::string place;  ///< gcp, aws, azure (regions), country, us-state
  std::string key;    ///< as the place's owner writes it: us-central1, FRA
  std::string name;   ///< for people
  double grams_per_kwh = 0.0;
  int year = 0;
  std::string source;
  std::string note;
};

/// Whose grid feeds a region of a provider that publishes none. Data: hardware_profiles/region_places.csv.
struct RegionPlace {
  std::string provider;
  std::string region;  ///< as price lists write it
  std::string place;   ///< of GridIntensity
  std::string key;
  std::string source;
};

struct CarbonModel {
  std::string grid_name;                   ///< for people: "us-central1, Iowa (2024)"
  Sourced<Range> grid;                     ///< g CO2e per kWh
  std::optional<Sourced<Range>> embodied;  ///< g CO2e per accelerator-hour; absent: unknown or not counted
};

/// Of the rows for `key` at `place`, the newest of which is not newer than `year` (0: any): the first of that
/// year; nullptr where there is none.
const GridIntensity* find_grid(std::span<const GridIntensity> grids, std::string_view place,
                               std::string_view key, int year);

/// What making the hardware emitted, spread over the hours that it works: grams ÷ (life × utilisation).
/// `life` in seconds, `utilization` in (0, 1].
constexpr Range embodied_per_hour(Range grams, double life, double utilization) {
  return grams / (life / seconds_per_hour * utilization);
}

}  // namespace trainbudget
