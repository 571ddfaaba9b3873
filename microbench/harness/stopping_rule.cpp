#include "harness/stopping_rule.h"

#include "harness/statistics.h"

namespace trainbudget::microbench {

Stop StoppingRule::add(double sample, double elapsed) {
  samples_.push_back(sample);
  if (samples_.size() >= limits_.least_samples && elapsed >= limits_.least_seconds) {
    const double noise = relative_deviation(samples_);
    if (noise <= limits_.relative_deviation) return Stop::precise;
    if (samples_.size() >= limits_.noise_from && samples_.size() % limits_.noise_every == 0) {
      noise_.push_back(noise);
      if (noise_settled()) return Stop::settled;
    }
    if (samples_.size() >= limits_.most_samples) return Stop::out_of_samples;
  }
  return elapsed >= limits_.most_seconds ? Stop::out_of_time : Stop::not_yet;
}

bool StoppingRule::noise_settled() const {
  if (noise_.size() < limits_.noise_window) return false;
  const auto window = static_cast<std::ptrdiff_t>(limits_.noise_window);
  return relative_deviation({noise_.end() - window, noise_.end()}) <= limits_.noise_deviation;
}

}  // namespace trainbudget::microbench
