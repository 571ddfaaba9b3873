// The faces of a difference between two estimates. `before` and `after` are what people call the two.
#pragma once

#include "core/difference.h"
#include "render/table.h"

#include <string>
#include <vector>

namespace trainbudget::render {

struct DifferenceReport {
  Difference difference;
  std::string before;  ///< file names
  std::string after;
};

std::string difference_text(const DifferenceReport& report, Style style);
std::string difference_markdown(const DifferenceReport& report);
/// One row per number that differs: kind (input, line), id, title, unit, three quantiles of each, sources.
std::string difference_csv(const DifferenceReport& report);
/// schema/diff-report.schema.json.
std::string difference_json(const DifferenceReport& report);

/// What is no number and differs, one line each.
std::vector<std::string> fact_texts(const Difference& difference);
/// The numbers that differ, as a table: title, before, after, change.
Table difference_table(const std::vector<NumberDifference>& numbers, const DifferenceReport& report);

}  // namespace trainbudget::render
