// What must hold of goodput whatever the job.
#include "core/goodput.h"

#include "catch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <rapidcheck.h>

using namespace trainbudget;

namespace {

/// From 10^low to 10^high.
double any_power(int low, int high) {
  return std::pow(10.0, *rc::gen::inRange(low * 100, high * 100) / 100.0);
}

Interruptions any_job() {
  const double mean = any_power(2, 8);
  return {.mean_seconds_between = mean,
          .checkpoint_seconds = mean * any_power(-5, 0),
          .restart_seconds = mean * any_power(-5, 0),
          .mean_seconds_between_preemptions =
              *rc::gen::arbitrary<bool>() ? mean * any_power(0, 4) : std::numeric_limits<double>::infinity(),
          .replacement_seconds = mean * any_power(-5, 0),
          .warned = *rc::gen::arbitrary<bool>()};
}

}  // namespace

TEST_CASE("goodput is a share, and more failures never leave more") {
  CHECK(rc::check([] {
    const Interruptions job = any_job();
    const double interval = job.mean_seconds_between * any_power(-4, 1);
    const double kept = useful_fraction(job, interval);
    RC_ASSERT(kept > 0.0);
    RC_ASSERT(kept < 1.0);
    Interruptions worse = job;
    worse.mean_seconds_between /= 1.0 + any_power(-3, 1);
    RC_ASSERT(useful_fraction(worse, interval) <= kept);
    Interruptions taken = job;
    taken.mean_seconds_between_preemptions =
        std::min(job.mean_seconds_between_preemptions, job.mean_seconds_between) / (1.0 + any_power(-3, 1));
    RC_ASSERT(useful_fraction(taken, interval) <= kept);
    RC_ASSERT(best_checkpoint_interval(taken) <= best_checkpoint_interval(job) * (1.0 + 1e-12));
    RC_ASSERT(useful_fraction(worse, best_checkpoint_interval(worse)) <=
              useful_fraction(job, best_checkpoint_interval(job)) * (1.0 + 1e-12));
  }));
}

TEST_CASE("no interval between checkpoints wastes less than the best one") {
  CHECK(rc::check([] {
    const Interruptions job = any_job();
    const double best = best_checkpoint_interval(job);
    RC_ASSERT(best > 0.0);
    RC_ASSERT(useful_fraction(job, best) >= useful_fraction(job, best * any_power(-2, 2)) * (1.0 - 1e-12));
  }));
}

TEST_CASE("what is wasted and what is kept are the whole") {
  CHECK(rc::check([] {
    const Interruptions job = any_job();
    const double interval = job.mean_seconds_between * any_power(-4, 1);
    const Waste lost = waste(job, interval);
    RC_ASSERT(lost.checkpoints >= 0.0);
    RC_ASSERT(lost.restarts >= 0.0);
    RC_ASSERT(lost.preemptions >= 0.0);
    RC_ASSERT(std::abs(lost.checkpoints + lost.restarts + lost.preemptions + lost.lost_work +
                       useful_fraction(job, interval) - 1.0) < 1e-9);
  }));
}
