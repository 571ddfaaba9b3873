// A run whose interruptions are known to the digit: 1,000 h a GPU; 1 TB at 10 GB/s: 100 s; an hour between
// checkpoints; six minutes to restart; 2 % stalls; nothing else is lost.
#pragma once

#include "core/reliability.h"

#include <cmath>
#include <numeric>
#include <vector>

namespace trainbudget::tests {

inline Reliability exact_reliability() {
  return {.gpu_hours_per_interruption = {exactly(1000.0), {}},
          .checkpoint_bytes = {1e12, {}},
          .checkpoint_bandwidth = {exactly(1e10), {}},
          .interval = Sourced<double>{3600.0, {}},
          .restart_seconds = {exactly(360.0), {}},
          .stalls = {exactly(0.02), {}},
          .residual = {exactly(1.0), {}}};
}

/// Servers of 8 that are taken back every 100 h with two minutes' notice, half an hour until the next; a
/// quarter of the GPUs on demand at $2 an hour.
inline Spot exact_spot() {
  return {.seconds_between = Sourced<Range>{exactly(360000.0), {}},
          .notice_seconds = {120.0, {}},
          .replacement_seconds = {exactly(1800.0), {}},
          .gpus_per_instance = {8.0, {}},
          .on_demand_share = {0.25, {}},
          .on_demand_price = Sourced<Range>{exactly(2.0), {}}};
}

struct Mean {
  double value;
  double standard_error;
};

/// Of two samples or more.
inline Mean mean_of(const std::vector<double>& samples) {
  const auto count = static_cast<double>(samples.size());
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / count;
  double squares = 0.0;
  for (const double sample : samples)
    squares += (sample - mean) * (sample - mean);
  return {mean, std::sqrt(squares / (count - 1.0) / count)};
}

}  // namespace trainbudget::tests
