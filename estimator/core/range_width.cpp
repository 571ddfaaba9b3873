#include "core/range_width.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {

std::vector<WidthShare> width_shares(const Estimate& estimate) {
  std::vector<WidthShare> shares;
  double total = 0.0;
  for (const char* id : {"model_flops_utilization", "whole_run_fraction", "price"}) {
    const LedgerLine* line = find_line(estimate, id);
    if (line == nullptr || line->value.is_exact()) continue;
    const double width = std::log(line->value.p90 / line->value.p10);
    shares.push_back({line->title, width * width});
    total += width * width;
  }
  for (WidthShare& share : shares)
    share.share /= total;
  std::stable_sort(shares.begin(), shares.end(),
                   [](const WidthShare& a, const WidthShare& b) { return a.share > b.share; });
  return shares;
}

}  // namespace trainbudget
