// The faces of a run in progress.
#pragma once

#include "core/estimate.h"
#include "core/progress_bill.h"
#include "render/table.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget::render {

struct ProgressReport {
  std::string title;
  std::string format;  ///< of the log
  double records = 0.0;
  std::string accelerator;  ///< empty: unknown
  std::optional<double> gpus;
  Progress progress;
  ProgressBill bill;
  std::optional<Estimate> plan;
  std::vector<std::string> assumptions;
  std::vector<std::string> warnings;
};

std::string progress_text(const ProgressReport& report, Style style);
std::string progress_markdown(const ProgressReport& report);
/// One row per line of the report: id, p10, p50, p90, unit.
std::string progress_csv(const ProgressReport& report);
/// schema/track.schema.json.
std::string progress_json(const ProgressReport& report);

/// `2026-11-26 10:15` of seconds since 1970-01-01; empty beyond the year 9999.
std::string time_text(double seconds);

}  // namespace trainbudget::render
