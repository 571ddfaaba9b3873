// A gate for an estimate: limits that it must keep to, each held, broken, or not to be decided.
#pragma once

#include "core/date.h"
#include "core/estimate.h"
#include "core/quantile.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// What an estimate must keep to, as far as it is given. A value that equals its limit keeps to it.
struct Limits {
  std::optional<double> cost_usd;   ///< of the GPU-hours
  std::optional<double> total_usd;  ///< of the whole bill: what was asked for around them as well
  std::optional<double> wall_time_seconds;
  std::optional<Date> finish_by;  ///< the day on which the run has ended
  std::optional<double> gpu_hours;
  std::optional<double> energy_joules;
  std::optional<double> co2_grams;
  bool fit = false;  ///< in the memory of the accelerator
  Quantile quantile = Quantile::p50;
};

/// `unknown` is what the estimate has no number for: it does not pass.
enum class Verdict { holds, broken, unknown };

constexpr std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds:
      return "holds";
    case Verdict::broken:
      return "broken";
    case Verdict::unknown:
      return "not known";
  }
  return "unknown";
}

struct Condition {
  std::string id;  ///< of the ledger line
  std::string title;
  Unit unit = Unit::count;
  std::optional<double> value;  ///< nothing: the estimate lacks it
  std::optional<double> limit;  ///< nothing: the limit is not known
  Verdict verdict = Verdict::unknown;
  std::string reason;  ///< why nothing is known
  bool exact = false;  ///< `value` has no range: every quantile is the same number
};

/// One condition for each limit that is given, in the order of Limits.
std::vector<Condition> conditions(const Estimate& estimate, const Limits& limits);

/// What whoever trusts the verdicts should know: the warnings of the estimate, a layout that may not fit
/// where no condition asks for it, and a quantile that is asked of numbers without a range.
std::vector<std::string> gate_warnings(const Estimate& estimate, const Limits& limits,
                                       const std::vector<Condition>& conditions);

bool all_hold(const std::vector<Condition>& conditions);

}  // namespace trainbudget
