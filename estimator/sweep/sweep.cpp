#include "sweep/sweep.h"

namespace trainbudget::sweep {

double Sweep::size() const {
  auto points = static_cast<double>(variants.size());
  for (const Axis& axis : axes)
    points *= static_cast<double>(axis.values.size());
  return points;
}

Place place_of(const Sweep& sweep, std::uint64_t index) {
  Place place{.values = std::vector<std::size_t>(sweep.axes.size())};
  for (std::size_t i = sweep.axes.size(); i-- > 0;) {
    const std::uint64_t count = sweep.axes[i].values.size();
    place.values[i] = static_cast<std::size_t>(index % count);
    index /= count;
  }
  place.variant = static_cast<std::size_t>(index);
  return place;
}

std::uint64_t index_of(const Sweep& sweep, const Place& place) {
  std::uint64_t index = place.variant;
  for (std::size_t i = 0; i < sweep.axes.size(); ++i)
    index = index * sweep.axes[i].values.size() + place.values[i];
  return index;
}

}  // namespace trainbudget::sweep
