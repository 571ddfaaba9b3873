// What a run in progress costs: the price terms of estimate(), over the time that its log shows.
#pragma once

#include "core/estimate.h"
#include "core/progress.h"

#include <optional>

namespace trainbudget {

struct ProgressBill {
  std::optional<Range> price_usd_per_gpu_hour;  ///< of the first hour; absent: unknown, as all below
  std::optional<Range> cost_usd;                ///< so far
  std::optional<Range> final_cost_usd;
  /// More may be paid by now than the hours used: a commitment or a block, of which nothing says when they
  /// fall due. The cost so far is then that of the hours used, and only the final one counts them.
  bool paid_ahead = false;
  std::optional<double> planned_usd;  ///< P50 of the plan at the tokens of now; absent where paid ahead
};

/// The bill of `progress` at the prices of `scenario`, of which accelerators and price are enough. `plan` is
/// its estimate; nullptr where there is none. Pure.
ProgressBill bill_of(const Progress& progress, const Scenario& scenario, const Estimate* plan);

}  // namespace trainbudget
