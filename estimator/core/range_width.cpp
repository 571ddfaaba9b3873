#include "core/range_width.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

/// The independent factors of a line: its inputs where it is their product, else itself.
std::vector<WidthShare> factors_of(const LedgerLine& line) {
  const auto squared_width = [](Range range) {
    const double width = std::log(range.p90 / range.p10);
    return width * width;
  };
  if (line.formula != "scattered-utilization" && line.formula != "whole-run-of-goodput")
    return {{line.title, squared_width(line.value)}};
  std::vector<WidthShare> factors;
  for (const LedgerInput& input : line.inputs)
    factors.push_back({input.name, squared_width(input.value)});
  return factors;
}

}  // namespace

std::vector<WidthShare> width_shares(const Estimate& estimate) {
  std::vector<WidthShare> shares;
  double total = 0.0;
  for (const char* id : {"model_flops_utilization", "whole_run_fraction", "price", "price_drift"}) {
    const LedgerLine* line = find_line(estimate, id);
    if (line == nullptr) continue;
    for (const WidthShare& factor : factors_of(*line)) {
      if (factor.share == 0.0) continue;
      shares.push_back(factor);
      total += factor.share;
    }
  }
  for (WidthShare& share : shares)
    share.share /= total;
  std::stable_sort(shares.begin(), shares.end(),
                   [](const WidthShare& a, const WidthShare& b) { return a.share > b.share; });
  return shares;
}

}  // namespace trainbudget
