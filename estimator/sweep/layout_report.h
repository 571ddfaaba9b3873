// A ranking of layouts for people and programs.
#pragma once

#include "render/table.h"
#include "sweep/layout_ranking.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget::sweep {

/// A ranking and what explains it; computed once for all formats.
struct LayoutReport {
  const LayoutRanking& ranking;
  const Constraints& constraints;
  double tokens = 0.0;
  bool tokens_given = false;
  std::vector<Purchase> purchases;   ///< where there is a winner
  std::optional<double> fits_times;  ///< where nothing fits: on so many times the accelerators something does
};

render::Table layout_table(const LayoutReport& report);
/// What bounds the winner, the runner-up, what would make it faster; or why nothing fits. One sentence each.
std::vector<std::string> layout_findings(const LayoutReport& report);
/// Of what the estimates of its rows warn; among the findings as well.
std::vector<std::string> layout_warnings(const LayoutReport& report);
/// schema/search-report.schema.json.
std::string layout_json(const LayoutReport& report);

}  // namespace trainbudget::sweep
