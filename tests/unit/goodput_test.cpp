#include "core/goodput.h"

#include "catch.h"
#include "core/date.h"
#include "core/estimate.h"
#include "core/reliability.h"
#include "core/simulation.h"
#include "reliable.h"
#include "worked_example.h"

#include <cmath>
#include <limits>

using namespace trainbudget;

namespace {

constexpr double hour = 3600.0;

}  // namespace

TEST_CASE("goodput: one checkpoint cycle worked by hand") {
  // M = 10 h, τ + δ = 1 h, R = 0.1 h: expected 10·e^0.01·(e^0.1 − 1) = 1.062280 h for 0.9 h of work.
  const Interruptions job{
      .mean_seconds_between = 10 * hour, .checkpoint_seconds = 0.1 * hour, .restart_seconds = 0.1 * hour};
  const double expected = 10.0 * 1.010050167 * 0.105170918;
  CHECK(useful_fraction(job, 0.9 * hour) == Approx(0.9 / expected).epsilon(1e-7));
  const Waste lost = waste(job, 0.9 * hour);
  CHECK(lost.checkpoints == Approx(0.1 / expected).epsilon(1e-7));
  CHECK(lost.restarts == Approx(1.0 - std::exp(-0.01)));
  CHECK(lost.checkpoints + lost.restarts + lost.lost_work == Approx(1.0 - useful_fraction(job, 0.9 * hour)));
}

TEST_CASE("without interruptions only given checkpoints cost anything") {
  const Interruptions job{
      .mean_seconds_between = infinite, .checkpoint_seconds = 60.0, .restart_seconds = 600.0};
  CHECK(best_checkpoint_interval(job) == infinite);
  CHECK(useful_fraction(job, infinite) == 1.0);
  CHECK(useful_fraction(job, 540.0) == Approx(0.9));
}

TEST_CASE("the best interval is Young's where checkpoints are short") {
  // Young: √(2·δ·M) = √(2 × 1 s × 200,000 s) = 632.5 s; Daly's next terms take δ·2/3 off.
  const Interruptions job{.mean_seconds_between = 200000.0, .checkpoint_seconds = 1.0};
  CHECK(best_checkpoint_interval(job) == Approx(std::sqrt(400000.0) - 2.0 / 3.0).epsilon(1e-5));
  CHECK(best_checkpoint_interval({.mean_seconds_between = 1.0, .checkpoint_seconds = 0.0}) == 0.0);
  // A checkpoint that takes far longer than the job lives: work as long as it lives.
  CHECK(best_checkpoint_interval({.mean_seconds_between = 1.0, .checkpoint_seconds = 100.0}) == Approx(1.0));
}

TEST_CASE("a simulated run agrees with the closed form within its standard error") {
  struct Case {
    Interruptions job;
    double interval;
  };
  const Case cases[] = {{{10 * hour, 300.0, 600.0}, 2 * hour},
                        {{3 * hour, 60.0, 1800.0}, 1200.0},
                        {{hour, 600.0, hour}, 1800.0}};
  for (const auto& [job, interval] : cases) {
    const double work = 200 * interval;
    const int runs = 4000;
    const std::vector<double> times = simulate_runs(job, interval, work, runs, 7);
    const auto [mean, standard_error] = tests::mean_of(times);
    INFO(mean << " ± " << standard_error);
    CHECK(standard_error < 0.01 * mean);
    CHECK(std::abs(mean - work / useful_fraction(job, interval)) < 3.0 * standard_error);
    CHECK(simulate_runs(job, interval, work, 50, 7) ==
          std::vector<double>(times.begin(), times.begin() + 50));
    CHECK(simulate_runs(job, interval, work, 50, 8) !=
          std::vector<double>(times.begin(), times.begin() + 50));
  }
}

TEST_CASE("a job's goodput from what is known of its accelerators") {
  // 1,000 h a GPU, 100 GPUs: M = 10 h; 1 TB at 10 GB/s: 100 s; τ = 1 h; R = 0.1 h; 2 % stalls.
  const Goodput kept = goodput(tests::exact_reliability(), 100.0);
  const double cycle = (1.0 + 100.0 / 3600.0) / 10.0;
  const double by_hand = 0.98 * 0.1 / (std::exp(0.01) * (std::exp(cycle) - 1.0));
  CHECK(kept.fraction.is_exact());
  CHECK(kept.fraction.p50 == Approx(by_hand));
  Reliability wide = tests::exact_reliability();
  wide.stalls.value = {0.01, 0.02, 0.05};
  CHECK(goodput(wide, 100.0).fraction.p10 == Approx(by_hand * 0.95 / 0.98));
  CHECK(goodput(wide, 100.0).fraction.p90 == Approx(by_hand * 0.99 / 0.98));
}

TEST_CASE("what failures leave of the time makes the hours, and spares are paid for") {
  // The worked example on 64 A100s: 22,435.9 ideal hours at 50 %; M = 1,000 h ÷ 64 = 15.625 h.
  Scenario scenario = tests::worked_example();
  scenario.reliability = tests::exact_reliability();
  const double kept = goodput(*scenario.reliability, 64.0).fraction.p50;
  const double by_hand =
      0.98 / (15.625 * std::exp(0.1 / 15.625) * (std::exp((1.0 + 100.0 / 3600.0) / 15.625) - 1.0));
  CHECK(kept == Approx(by_hand));
  const Estimate plain = estimate(scenario);
  const double ideal = plain.ideal_gpu_hours;
  CHECK(find_line(plain, "whole_run_fraction")->value.p50 == Approx(by_hand));
  CHECK(plain.gpu_hours.p50 == Approx(ideal / plain.model_flops_utilization.p50 / by_hand));
  scenario.reliability->residual.value = exactly(0.9);
  CHECK(estimate(scenario).gpu_hours.p50 == Approx(plain.gpu_hours.p50 / 0.9));
  scenario.reliability->spare_gpus = Sourced<double>{8.0, {}};
  CHECK(estimate(scenario).gpu_hours.p50 == Approx(plain.gpu_hours.p50 / 0.9 * 72.0 / 64.0));
  CHECK(estimate(scenario).wall_time_seconds.p50 == Approx(plain.wall_time_seconds.p50 / 0.9));
}

TEST_CASE(
    "simulated wall times are those of the closed form, wider by luck, and the same for the same seed") {
  Reliability r = tests::exact_reliability();
  // 64 GPUs, 100 days of work: 150 interruptions. All inputs exact: luck alone.
  const Range working = exactly(100.0 * 24.0 * hour);
  const double expected = working.p50 / goodput(r, 64.0).fraction.p50;
  const Range luck = simulated_wall_time(r, 64.0, working, {.runs = 2000, .seed = 3});
  CHECK(luck.p50 == Approx(expected).epsilon(0.002));
  // √150 interruptions more or less, of about 0.6 h each: a standard deviation of 8 h or so, 0.3 %.
  CHECK(luck.p90 / luck.p10 - 1.0 == Approx(2.0 * 1.28 * 0.0035).epsilon(0.3));
  CHECK(simulated_wall_time(r, 64.0, working, {.runs = 2000, .seed = 3}) == luck);
  CHECK_FALSE(simulated_wall_time(r, 64.0, working, {.runs = 2000, .seed = 4}) == luck);
  // Inputs with a range: the quantiles of the closed form, within what 20,000 runs resolve.
  r.residual.value = {0.8, 0.9, 0.95};
  const Range wide = simulated_wall_time(r, 64.0, working * 1.0, {.runs = 20000, .seed = 5});
  CHECK(wide.p50 == Approx(expected / 0.9).epsilon(0.005));
  CHECK(wide.p90 == Approx(expected / 0.8).epsilon(0.01));
  CHECK(wide.p10 == Approx(expected / 0.95).epsilon(0.01));
}

TEST_CASE("days after a start, over the end of a year and a leap day") {
  CHECK(finish_date({2026, 12, 1}, 31 * 86400.0) == Date{2026, 12, 31});
  CHECK(finish_date({2026, 12, 1}, 31.5 * 86400.0) == Date{2027, 1, 1});
  CHECK(finish_date({2028, 2, 28}, 1.5 * 86400.0) == Date{2028, 2, 29});
  CHECK(finish_date({2027, 2, 28}, 1.5 * 86400.0) == Date{2027, 3, 1});
  CHECK(finish_date({2026, 12, 1}, 0.0) == Date{2026, 12, 1});
  CHECK_FALSE(finish_date({2026, 12, 1}, 1e30));
  CHECK_FALSE(finish_date({2026, 12, 1}, std::numeric_limits<double>::quiet_NaN()));
  for (int day = -719162; day < 2932896; day += 97)
    REQUIRE(days_since_epoch(date_of(day)) == day);
}
