// Instances that are taken back: time, bill, break-even.
#include "core/spot.h"

#include "catch.h"
#include "core/cost/terms.h"
#include "core/estimate.h"
#include "core/goodput.h"
#include "reliable.h"
#include "worked_example.h"

#include <cmath>

using namespace trainbudget;

namespace {

constexpr double hour = 3600.0;

/// 64 A100s at $0.79 on spot, a quarter of them on demand at $2.
Scenario spot_example() {
  Scenario scenario = tests::worked_example();
  scenario.reliability = tests::exact_reliability();
  scenario.reliability->spot = tests::exact_spot();
  return scenario;
}

double value_of(const Estimate& estimate, const char* id) {
  const LedgerLine* line = find_line(estimate, id);
  REQUIRE(line != nullptr);
  return line->value.p50;
}

}  // namespace

TEST_CASE("with a notice that is long enough a pre-emption costs a checkpoint and the wait") {
  // No failures; M_p = 10 h, δ = 0.1 h, R_p = 0.5 h; τ = 1 h. A wait that begins anew at each pre-emption:
  // (e^0.05 − 1) · 10 h = 0.512711 h. Per hour of running: (0.512711 + 0.1) ÷ 10.
  const Interruptions job{.mean_seconds_between = std::numeric_limits<double>::infinity(),
                          .checkpoint_seconds = 0.1 * hour,
                          .mean_seconds_between_preemptions = 10.0 * hour,
                          .replacement_seconds = 0.5 * hour};
  const double by_hand = 1.0 / 1.1 / (1.0 + (10.0 * (std::exp(0.05) - 1.0) + 0.1) / 10.0);
  CHECK(useful_fraction(job, hour) == Approx(by_hand));
  const Waste lost = waste(job, hour);
  CHECK(lost.lost_work == Approx(0.0).margin(1e-12));
  CHECK(lost.preemptions + lost.checkpoints + by_hand == Approx(1.0));
  // Without one it goes back like a failure: τ ÷ (M·(e^0.11 − 1)) ÷ e^0.05.
  Interruptions unwarned = job;
  unwarned.warned = false;
  CHECK(useful_fraction(unwarned, hour) == Approx(0.1 / (std::exp(0.11) - 1.0) / std::exp(0.05)));
}

TEST_CASE("pre-empted runs that are simulated agree with the closed form within their standard error") {
  for (const bool warned : {true, false}) {
    const Interruptions job{.mean_seconds_between = 10 * hour,
                            .checkpoint_seconds = 300.0,
                            .restart_seconds = 1200.0,
                            .mean_seconds_between_preemptions = 4 * hour,
                            .replacement_seconds = 1800.0,
                            .warned = warned};
    const double work = 200 * hour;
    const int runs = 4000;
    const std::vector<double> times = simulate_runs(job, hour, work, runs, 11);
    const auto [mean, standard_error] = tests::mean_of(times);
    INFO(mean << " ± " << standard_error);
    CHECK(standard_error < 0.005 * mean);
    CHECK(std::abs(mean - work / useful_fraction(job, hour)) < 3.0 * standard_error);
  }
}

TEST_CASE("spot and on demand are mixed, and compared") {
  const Scenario scenario = spot_example();
  const Estimate mixed = estimate(scenario);
  CHECK(value_of(mixed, "mixed_price") == Approx(0.75 * 0.79 + 0.25 * 2.0));
  CHECK(mixed.cost_usd->p50 == Approx(mixed.gpu_hours.p50 * (0.75 * 0.79 + 0.25 * 2.0)));
  // 64 × 3/4 ÷ 8 = 6 instances can go: one pre-emption in 100 ÷ 6 h.
  CHECK(value_of(mixed, "time_between_preemptions") == Approx(100.0 / 6.0 * hour));
  Scenario on_demand = scenario;
  on_demand.reliability->spot.reset();
  on_demand.price->value = exactly(2.0);
  CHECK(value_of(mixed, "cost_on_demand") == Approx(estimate(on_demand).cost_usd->p50));
}

TEST_CASE("at the break-even rate spot costs what on demand costs") {
  Scenario scenario = spot_example();
  const double seconds = value_of(estimate(scenario), "break_even_preemption");
  scenario.reliability->spot->seconds_between = Sourced<Range>{exactly(seconds), {}};
  const Estimate even = estimate(scenario);
  CHECK(even.cost_usd->p50 == Approx(value_of(even, "cost_on_demand")).epsilon(1e-6));
  // Where it lasts longer, spot is cheaper.
  scenario.reliability->spot->seconds_between = Sourced<Range>{exactly(seconds * 1.1), {}};
  const Estimate longer = estimate(scenario);
  CHECK(longer.cost_usd->p50 < value_of(longer, "cost_on_demand"));
  CHECK_FALSE(break_even_preemption(*scenario.reliability, 64.0, 1.0));
}

TEST_CASE("a rate that nobody knows is no rate: the bill at three of them is shown") {
  Scenario scenario = spot_example();
  scenario.reliability->spot->seconds_between.reset();
  const Estimate unknown = estimate(scenario);
  CHECK(find_line(unknown, "time_between_preemptions") == nullptr);
  CHECK_FALSE(unknown.warnings.empty());
  CHECK(value_of(unknown, "cost_preempted_weekly") > unknown.cost_usd->p50);
  CHECK(value_of(unknown, "cost_preempted_6_hours") > value_of(unknown, "cost_preempted_daily"));
  scenario.reliability->spot->seconds_between = Sourced<Range>{exactly(86400.0), {}};
  CHECK(estimate(scenario).cost_usd->p50 == Approx(value_of(unknown, "cost_preempted_daily")));
}
