#include "core/simulation.h"

#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace trainbudget {
namespace {

/// Normal deviates from raw bits of the engine, by Box and Muller: distributions of the standard library
/// differ between vendors.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }

  double from(Range range) {
    constexpr double two_pi = 6.283185307179586;
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double z = radius * std::cos(two_pi * uniform());
    if (range.is_exact()) return range.p50;
    const double side = z < 0.0 ? range.p50 / range.p10 : range.p90 / range.p50;
    return range.p50 * std::pow(side, z / p90_deviations);
  }

 private:
  double uniform() {
    constexpr double unit = 1.0 / 9007199254740992.0;  // 2⁻⁵³
    return (static_cast<double>(engine_() >> 11) + 0.5) * unit;
  }

  std::mt19937_64 engine_;
};

Reliability drawn(const Reliability& r, Draws& draws) {
  const auto draw = [&](Range& range, double most) { range = exactly(std::min(most, draws.from(range))); };
  constexpr double any = std::numeric_limits<double>::infinity();
  Reliability one = r;
  draw(one.gpu_hours_per_interruption.value, any);
  draw(one.checkpoint_bandwidth.value, any);
  draw(one.restart_seconds.value, any);
  draw(one.stalls.value, 0.99);
  draw(one.residual.value, 1.0);
  if (one.spot && one.spot->seconds_between) {
    draw(one.spot->seconds_between->value, any);
    draw(one.spot->replacement_seconds.value, any);
  }
  return one;
}

}  // namespace

Range simulated_wall_time(const Reliability& reliability, double gpus, Range working_seconds,
                          const Simulation& simulation) {
  constexpr double most_interruptions = 1e5;
  const double interval = goodput(reliability, gpus).interval;
  Draws draws(simulation.seed);
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(simulation.runs));
  for (int i = 0; i < simulation.runs; ++i) {
    const Reliability r = drawn(reliability, draws);
    const Interruptions job = interruptions_of(r, gpus);
    const double work = draws.from(working_seconds);
    const std::uint64_t seed = draws.bits();
    const double expected = work / useful_fraction(job, interval);
    const bool too_many =
        !(expected / job.mean_seconds_between + expected / job.mean_seconds_between_preemptions <=
          most_interruptions);
    const double held = too_many ? expected : simulate_runs(job, interval, work, 1, seed).front();
    times.push_back(held / ((1.0 - r.stalls.value.p50) * r.residual.value.p50));
  }
  std::sort(times.begin(), times.end());
  return quantiles(times);
}

}  // namespace trainbudget
