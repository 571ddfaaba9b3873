// How far whole runs scatter around predictions that knew nothing of their software: what a range must be
// moved and widened by so that runs fall outside it as seldom as it says.
#pragma once

#include "core/uncertainty.h"

#include <string>
#include <vector>

namespace trainbudget {

/// A finished run beside what was predicted for it.
struct PredictedHours {
  double gpu_hours = 0.0;
  Range predicted;
  std::string publisher;  ///< whose run it was
};

/// Fewer publishers than these say nothing of the next one.
inline constexpr int fewest_publishers = 5;

/// A factor of predicted GPU-hours, for a run of a publisher who is not among them. Publishers count alike,
/// however many runs they published. The logarithm of used ÷ predicted is taken to be normal, with the width
/// that its prediction says and a variance between runs besides: a random-effects model, whose variance is
/// found as by Paule and Mandel 1982 (doi:10.6028/jres.087.022), so that runs which were predicted with less
/// doubt tell more. The width of the factor is what the next draw has beyond the mean of the predictions'
/// own, where mean and deviation are known from n draws (Student's t with n − 1 degrees of freedom, times
/// √(1 + 1/n)). {1, 1, 1} for fewer than `fewest_publishers`.
Range run_scatter(const std::vector<PredictedHours>& runs);

}  // namespace trainbudget
