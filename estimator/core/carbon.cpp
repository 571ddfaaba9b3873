#include "core/carbon.h"

namespace trainbudget {

const GridIntensity* find_grid(std::span<const GridIntensity> grids, std::string_view place,
                               std::string_view key, int year) {
  const GridIntensity* found = nullptr;
  for (const GridIntensity& grid : grids) {
    if (grid.place != place || grid.key != key || (year > 0 && grid.year > year)) continue;
    if (found == nullptr || grid.year > found->year) found = &grid;
  }
  return found;
}

}  // namespace trainbudget
