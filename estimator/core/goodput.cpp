#include "core/goodput.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace trainbudget {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Exponential times from raw bits of the engine: distributions of the standard library differ between
/// vendors.
class Failures {
 public:
  Failures(double mean, std::uint64_t seed) : mean_(mean), engine_(seed) {}
  double next() {
    constexpr double unit = 1.0 / 9007199254740992.0;  // 2⁻⁵³
    const double uniform = (static_cast<double>(engine_() >> 11) + 0.5) * unit;
    return -std::log(uniform) * mean_;
  }

 private:
  double mean_;
  std::mt19937_64 engine_;
};

/// (1 − e^−x) ÷ x, 1 at 0.
double mean_decay(double x) {
  return x > 0.0 ? -std::expm1(-x) / x : 1.0;
}

}  // namespace

double seconds_between_interruptions(double gpu_hours, double gpus) {
  return gpu_hours * 3600.0 / gpus;
}

double best_checkpoint_interval(const Interruptions& job) {
  const double mean = job.mean_seconds_between;
  if (std::isinf(mean)) return infinite;
  const double write = job.checkpoint_seconds / mean;
  if (!(write > 0.0)) return 0.0;
  // The function rises and curves upwards, so that from above every step stays above the root.
  double x = std::min(std::sqrt(2.0 * write), -std::expm1(-1.0 - write));
  for (int i = 0; i < 100; ++i) {
    const double above = -std::log1p(-x) - x - write;
    const double next = x - above * (1.0 - x) / x;
    if (!(above > 0.0) || !(next > 0.0) || !(next < x)) break;
    x = next;
  }
  return x * mean;
}

double useful_fraction(const Interruptions& job, double interval) {
  if (std::isinf(interval)) return std::isinf(job.mean_seconds_between) ? 1.0 : 0.0;
  const double cycle = interval + job.checkpoint_seconds;
  const double worked = cycle > 0.0 ? interval / cycle : 1.0;
  if (std::isinf(job.mean_seconds_between)) return worked;
  const double x = cycle / job.mean_seconds_between;
  // x ÷ (e^x − 1) = e^−x ÷ mean_decay(x)
  return worked * std::exp(-x - job.restart_seconds / job.mean_seconds_between) / mean_decay(x);
}

Waste waste(const Interruptions& job, double interval) {
  const double useful = useful_fraction(job, interval);
  Waste result;
  if (std::isinf(interval)) return {.lost_work = 1.0 - useful};
  result.checkpoints = interval > 0.0 ? useful * job.checkpoint_seconds / interval : 0.0;
  if (!std::isinf(job.mean_seconds_between)) {
    // Of the time outside restarts, M between two interruptions; each costs M·(e^(R/M) − 1) of restarting.
    result.restarts = -std::expm1(-job.restart_seconds / job.mean_seconds_between);
  }
  result.lost_work = std::max(0.0, 1.0 - useful - result.checkpoints - result.restarts);
  return result;
}

std::vector<double> simulate_runs(const Interruptions& job, double interval, double work, int runs,
                                  std::uint64_t seed) {
  Failures failures(job.mean_seconds_between, seed);
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(runs));
  const double cycle = interval + job.checkpoint_seconds;
  for (int run = 0; run < runs; ++run) {
    double elapsed = 0.0;
    double cycles_left = std::ceil(work / interval);
    while (cycles_left > 0.0) {
      const double failure = failures.next();
      const double kept = std::min(cycles_left, std::floor(failure / cycle));
      cycles_left -= kept;
      if (!(cycles_left > 0.0)) {
        elapsed += kept * cycle;
        break;
      }
      elapsed += failure;
      double next = failures.next();
      while (next < job.restart_seconds) {
        elapsed += next;
        next = failures.next();
      }
      elapsed += job.restart_seconds;
    }
    times.push_back(elapsed);
  }
  return times;
}

}  // namespace trainbudget
