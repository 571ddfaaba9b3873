#include "core/samples.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace trainbudget {

double quantile_of_sorted(const std::vector<double>& sorted, double fraction) {
  if (sorted.empty()) return 0.0;
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

SampleSummary summarize_samples(std::vector<double> samples) {
  SampleSummary summary;
  if (samples.empty()) return summary;
  std::sort(samples.begin(), samples.end());
  summary.count = samples.size();
  summary.median = quantile_of_sorted(samples, 0.5);
  summary.lower_quartile = quantile_of_sorted(samples, 0.25);
  summary.upper_quartile = quantile_of_sorted(samples, 0.75);
  summary.minimum = samples.front();
  summary.maximum = samples.back();
  summary.mean = std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
  summary.relative_spread = (summary.upper_quartile - summary.lower_quartile) / summary.median;
  return summary;
}

double relative_deviation(const std::vector<double>& samples) {
  if (samples.size() < 2) return 0.0;
  const auto count = static_cast<double>(samples.size());
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / count;
  double squares = 0.0;
  for (const double sample : samples)
    squares += (sample - mean) * (sample - mean);
  return std::sqrt(squares / (count - 1.0)) / mean;
}

}  // namespace trainbudget
