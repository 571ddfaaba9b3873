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
    Sample sample;
    sample.begin = timer.now();
    sample.seconds = timer.sample();
    sample.end = timer.now();
    measurement.samples.push_back(sample);
    measurement.stop = rule.add(sample.seconds, sample.end - start);
  }
  return measurement;
}

}  // namespace trainbudget::microbench
