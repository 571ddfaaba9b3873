#include "render/json_number.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

namespace trainbudget::render {

double stable(double value) {
  if (!std::isfinite(value) || value == 0.0) return value;
  return std::strtod(fmt::format("{:.11e}", value).c_str(), nullptr);
}

nlohmann::ordered_json json_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  // Whole numbers are counts (of parameters, FLOPs, bytes): exact sums, which no library rounds. From here on
  // a double has too few digits behind the point to tell one from a number that happens to be whole.
  constexpr double largest_count = 1e15;
  if (value == std::floor(value) && std::fabs(value) < largest_count) return static_cast<std::int64_t>(value);
  const double rounded = stable(value);
  if (rounded == std::floor(rounded) && std::fabs(rounded) < 9007199254740992.0) {
    return static_cast<std::int64_t>(rounded);
  }
  return rounded;
}

}  // namespace trainbudget::render
