// The faces of a gate: which limits an estimate keeps to.
#pragma once

#include "core/gate.h"
#include "render/difference_report.h"
#include "render/table.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget::render {

struct GateReport {
  std::string name;  ///< of the estimate
  Quantile quantile = Quantile::p50;
  std::vector<Condition> conditions;
  std::vector<std::string> warnings;        ///< gate_warnings()
  std::optional<DifferenceReport> against;  ///< an estimate that it is compared to
};

std::string gate_text(const GateReport& report, Style style);
/// For a comment on a pull request.
std::string gate_markdown(const GateReport& report);
/// One row per condition, then one per warning: its `id` is "warning", its text in the last column.
std::string gate_csv(const GateReport& report);
/// schema/check-report.schema.json.
std::string gate_json(const GateReport& report);

}  // namespace trainbudget::render
