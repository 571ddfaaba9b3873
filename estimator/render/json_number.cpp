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
  const double rounded = stable(value);
  if (rounded == std::floor(rounded) && std::fabs(rounded) < 9007199254740992.0) {
    return static_cast<std::int64_t>(rounded);
  }
  return rounded;
}

}  // namespace trainbudget::render
