#include "core/goodput.h"

#include "core/quantity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace trainbudget {
namespace {

/// Exponential times from raw bits of the engine: distributions of the standard library differ between
/// vendors.
class Arrivals {
 public:
  Arrivals(double mean, std::uint64_t seed) : mean_(mean), engine_(seed) {}
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

/// How often something interrupts the job, in 1/s.
double failure_rate(const Interruptions& job) {
  return 1.0 / job.mean_seconds_between;
}
double preemption_rate(const Interruptions& job) {
  return 1.0 / job.mean_seconds_between_preemptions;
}
/// The rate of what sends the job back to its last checkpoint.
double losing_rate(const Interruptions& job) {
  return failure_rate(job) + (job.warned ? 0.0 : preemption_rate(job));
}

/// Seconds of waiting for each second that the job runs.
struct Waits {
  double restarts = 0.0;
  double preemptions = 0.0;

  /// Expected time ÷ running time.
  double total() const { return 1.0 + restarts + preemptions; }
};

Waits waits_of(const Interruptions& job) {
  const double any = failure_rate(job) + preemption_rate(job);
  // A wait begins anew whenever something interrupts it.
  const auto waiting = [&](double rate, double seconds, double notice) {
    return rate > 0.0 ? rate * (std::expm1(any * seconds) / any + notice) : 0.0;
  };
  return {.restarts = waiting(failure_rate(job), job.restart_seconds, 0.0),
          .preemptions = waiting(preemption_rate(job), job.replacement_seconds,
                                 job.warned ? job.checkpoint_seconds : 0.0)};
}

}  // namespace

double seconds_between_interruptions(double gpu_hours, double gpus) {
  return gpu_hours * 3600.0 / gpus;
}

double best_checkpoint_interval(const Interruptions& job) {
  const double rate = losing_rate(job);
  if (!(rate > 0.0)) return infinite;
  const double mean = 1.0 / rate;
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
  const double rate = losing_rate(job);
  if (std::isinf(interval)) return rate > 0.0 ? 0.0 : 1.0 / waits_of(job).total();
  const double cycle = interval + job.checkpoint_seconds;
  const double worked = cycle > 0.0 ? interval / cycle : 1.0;
  const double x = cycle * rate;
  // x ÷ (e^x − 1) = e^−x ÷ mean_decay(x)
  return worked * std::exp(-x) / mean_decay(x) / waits_of(job).total();
}

Waste waste(const Interruptions& job, double interval) {
  const double useful = useful_fraction(job, interval);
  if (std::isinf(interval) && losing_rate(job) > 0.0) return {.lost_work = 1.0};
  const Waits waits = waits_of(job);
  Waste result;
  result.checkpoints =
      interval > 0.0 && !std::isinf(interval) ? useful * job.checkpoint_seconds / interval : 0.0;
  if (!std::isinf(waits.total())) {
    result.restarts = waits.restarts / waits.total();
    result.preemptions = waits.preemptions / waits.total();
  }
  result.lost_work = std::max(0.0, 1.0 - useful - result.checkpoints - result.restarts - result.preemptions);
  return result;
}

std::vector<double> simulate_runs(const Interruptions& job, double interval, double work, int runs,
                                  std::uint64_t seed) {
  Arrivals failures(job.mean_seconds_between, seed);
  Arrivals preemptions(job.mean_seconds_between_preemptions, seed ^ 0x9e3779b97f4a7c15U);
  const double cycle = interval + job.checkpoint_seconds;
  const double cycles = std::floor(work / interval);
  const double to_run = std::isinf(interval) ? work : cycles * cycle + (work - cycles * interval);
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(runs));
  for (int run = 0; run < runs; ++run) {
    double elapsed = 0.0;
    double done = 0.0;  // seconds of running that are not lost
    for (;;) {
      const double failure = failures.next();
      const double preemption = preemptions.next();
      const double event = std::min(failure, preemption);
      if (done + event >= to_run) {
        times.push_back(elapsed + (to_run - done));
        break;
      }
      done += event;
      elapsed += event;
      const bool fails = failure < preemption;
      if (fails || !job.warned)
        done = std::floor(done / cycle) * cycle;
      else
        elapsed += job.checkpoint_seconds;
      const double wait = fails ? job.restart_seconds : job.replacement_seconds;
      for (double next = std::min(failures.next(), preemptions.next()); next < wait;
           next = std::min(failures.next(), preemptions.next()))
        elapsed += next;
      elapsed += wait;
    }
  }
  return times;
}

}  // namespace trainbudget
