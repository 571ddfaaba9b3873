// What the width of an estimate is made of.
#pragma once

#include "core/estimate.h"

#include <string>
#include <vector>

namespace trainbudget {

struct WidthShare {
  std::string title;   ///< of a ledger line, or of an input of one
  double share = 0.0;  ///< of the squared width of the result's logarithm, from 0 to 1
};

/// Shares of the independent factors of the cost (of the GPU-hours where there is no price), the widest
/// first. Each factor's width is ln(P90 ÷ P10); widths of independent factors add in quadrature. Empty where
/// nothing has a range.
std::vector<WidthShare> width_shares(const Estimate& estimate);

}  // namespace trainbudget
