// A run in progress beside the estimate that it was planned by.
#pragma once

#include "render/progress_report.h"

#include <optional>
#include <string>

namespace trainbudget::render {

/// Positive where the run is behind its plan: later, dearer.
struct AgainstPlan {
  double behind_seconds = 0.0;  ///< at the tokens of now
  double final_behind_seconds = 0.0;
  std::optional<double> over_usd;  ///< at the tokens of now; absent where that is not known
  std::optional<double> final_over_usd;
  bool is_within = false;  ///< the forecast of the wall time lies in the plan's P10 to P90
};

/// Nothing where there is no plan.
std::optional<AgainstPlan> against_plan(const ProgressReport& report);

/// How the run stands to its plan now, and how it will in the end: one sentence.
std::string against_text(const AgainstPlan& against);

}  // namespace trainbudget::render
