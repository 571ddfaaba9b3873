#include "core/measurement.h"

#include <algorithm>

namespace trainbudget {

std::vector<double> counted_samples(const MeasuredTiming& timing) {
  std::vector<double> counted;
  for (std::size_t i = 0; i < timing.samples.size(); ++i) {
    const auto& out = timing.throttled;
    if (std::find(out.begin(), out.end(), static_cast<int>(i)) == out.end())
      counted.push_back(timing.samples[i]);
  }
  return counted.empty() ? timing.samples : counted;
}

SampleSummary summary_of(const MeasuredTiming& timing) {
  return summarize_samples(counted_samples(timing));
}

}  // namespace trainbudget
