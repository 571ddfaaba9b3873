// How well measured runs are predicted by fits that have not seen them.
#pragma once

#include "calibration/fit.h"

#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace trainbudget {

/// What a fit may know of the rows that it is judged on.
enum class Holdout : std::uint8_t {
  folds,       ///< rows of the same stacks, but not these: cross-validation by a hash of the id
  source,      ///< nothing of their source (MeasuredRun::group)
  source_ten,  ///< ten rows of their source, spread over it, and none of those that are scored
  kind,        ///< rows of the same stack, but of other kinds of models alone
};
inline constexpr std::array<std::string_view, 4> holdout_words{"within_stack", "leave_source_out",
                                                               "after_ten_rows", "leave_kind_out"};

/// Ranges are wider than the fit's own spread by a factor, so that P10–P90 covers four fifths of rows that no
/// fit has seen: the fit's Gaussian posterior knows nothing of what the model itself lacks. Chosen on the
/// published runs: one for a stack of which nothing was fitted, and a law for one of which `rows` were, of
/// the same source; few rows tell little of what they scatter.
inline constexpr double unknown_stack_widening = 1.395;
inline double known_stack_widening(int rows) {
  constexpr double of_one = 1.6;
  constexpr double of_many = 1.05;
  constexpr double half_way = 40.0;  // rows
  const double part = half_way / (half_way + rows);
  return std::sqrt(of_many * of_many * (1.0 - part) + of_one * of_one * part);
}

struct PredictedRun {
  const MeasuredRun* run = nullptr;
  double measured = 0.0;                   ///< seconds a step, or bytes
  double p10 = 0.0, p50 = 0.0, p90 = 0.0;  ///< the same
  std::string profile;                     ///< accelerator/stack

  double error() const { return p50 / measured - 1.0; }  ///< signed, of the median
  bool inside() const { return measured >= p10 && measured <= p90; }
};

/// Predicts every row of `scored` by a fit to rows of `known` that `holdout` allows; a row that is in both
/// (by id) never sees itself. Order of `scored`.
std::vector<PredictedRun> backtest(std::span<const Observation> scored, std::span<const Observation> known,
                                   Holdout holdout, const FitOptions& options = {});

/// |error| over a set of rows.
struct ErrorSummary {
  int rows = 0;
  double median = 0.0;
  double mean = 0.0;
  double p90 = 0.0;
  double bias = 0.0;      ///< mean of ln(predicted ÷ measured)
  double coverage = 0.0;  ///< share of rows inside P10–P90
};

ErrorSummary summarize_errors(std::span<const PredictedRun> predictions,
                              const std::function<bool(const MeasuredRun&)>& counted);

/// The same of predicted ÷ measured; coverage is left 0.
ErrorSummary summarize_ratios(std::span<const double> ratios);

/// Dense models in 16 bit on V100, A100, H100 and B200, trained whole: what planners of the field publish
/// their errors for.
bool is_dense_16_bit(const MeasuredRun& run);

}  // namespace trainbudget
