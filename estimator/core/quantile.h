// Which value of a range is held against a limit.
#pragma once

#include "core/uncertainty.h"

#include <cstdint>
#include <string_view>

namespace trainbudget {

enum class Quantile : std::uint8_t { p10, p50, p90 };

constexpr std::string_view name_of(Quantile quantile) {
  switch (quantile) {
    case Quantile::p10:
      return "p10";
    case Quantile::p50:
      return "p50";
    case Quantile::p90:
      return "p90";
  }
  return "unknown";
}

constexpr double at(const Range& range, Quantile quantile) {
  if (quantile == Quantile::p10) return range.p10;
  return quantile == Quantile::p50 ? range.p50 : range.p90;
}

}  // namespace trainbudget
