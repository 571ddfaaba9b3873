// What a set of timings says: robust figures, since a sample may be disturbed but never made too fast.
#pragma once

#include <cstddef>
#include <vector>

namespace trainbudget {

struct SampleSummary {
  std::size_t count = 0;
  double median = 0.0;
  double lower_quartile = 0.0;
  double upper_quartile = 0.0;
  double minimum = 0.0;
  double maximum = 0.0;
  double mean = 0.0;
  double relative_spread = 0.0;  ///< interquartile range ÷ median
};

/// The quantile `fraction` of sorted values, interpolated linearly between neighbours (R's default, type 7);
/// zero for no values.
double quantile_of_sorted(const std::vector<double>& sorted, double fraction);

/// Everything zero for no samples.
SampleSummary summarize_samples(std::vector<double> samples);

/// Sample standard deviation ÷ mean; zero for fewer than two samples.
double relative_deviation(const std::vector<double>& samples);

}  // namespace trainbudget
