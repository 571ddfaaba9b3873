#include "harness/measure.h"

#include <cmath>

namespace trainbudget::microbench {

std::vector<double> Measurement::seconds() const {
  std::vector<double> result;
  result.reserve(samples.size());
  for (const Sample& sample : samples)
    result.push_back(sample.seconds);
  return result;
}

namespace {

// Of a measurement that takes the least time.
constexpr double least_of_sample = 1.0 / 50.0;

void run_warm_up(Timer& timer, const WarmUp& warm_up, const std::atomic<bool>& interrupted,
                 Measurement& measurement) {
  const double start = timer.now();
  double previous = 0.0;
  while (!interrupted) {
    std::vector<double> window;
    while (window.size() < warm_up.window && !interrupted) {
      window.push_back(timer.sample());
      measurement.warm_up_seconds = timer.now() - start;
      if (measurement.warm_up_seconds >= warm_up.most_seconds) return;
    }
    const double median = summarize(window).median;
    measurement.warm_up_settled =
        previous > 0.0 && std::abs(median - previous) <= warm_up.steady_within * previous;
    if (measurement.warm_up_settled && measurement.warm_up_seconds >= warm_up.least_seconds) return;
    previous = median;
  }
}

Sample take_sample(Timer& timer, double least_seconds, const std::atomic<bool>& interrupted) {
  Sample sample;
  sample.begin = timer.now();
  int runs = 0;
  do {
    sample.seconds += timer.sample();
    sample.end = timer.now();
    ++runs;
  } while (sample.end - sample.begin < least_seconds && !interrupted);
  sample.seconds /= runs;
  return sample;
}

}  // namespace

Measurement measure(Timer& timer, const WarmUp& warm_up, const StoppingLimits& limits,
                    const std::atomic<bool>& interrupted) {
  Measurement measurement;
  run_warm_up(timer, warm_up, interrupted, measurement);
  StoppingRule rule(limits);
  const double start = timer.now();
  while (measurement.stop == Stop::not_yet) {
    if (interrupted) {
      measurement.stop = Stop::interrupted;
      break;
    }
    const Sample sample = take_sample(timer, least_of_sample * limits.least_seconds, interrupted);
    measurement.samples.push_back(sample);
    measurement.stop = rule.add(sample.seconds, sample.end - start);
  }
  return measurement;
}

}  // namespace trainbudget::microbench
