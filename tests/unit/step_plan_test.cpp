// From a plan to an estimate: the range, the fit, and advice where it does not fit.
#include "catch.h"
#include "core/estimate.h"
#include "small_step.h"
#include "worked_example.h"

#include <cmath>

using namespace trainbudget;

TEST_CASE("an estimate says what the bare functions compute, to the bit") {
  const StepPlan plan = tests::small_step();
  const double seconds =
      step_time(plan.workload, plan.machine, plan.layout, plan.global_batch, plan.profile.efficiency())
          .total();
  const double bytes =
      memory_use(plan.workload, plan.layout, plan.global_batch, plan.profile.efficiency()).peak.total();
  Scenario scenario = tests::worked_example();
  scenario.step = plan;
  const Estimate result = estimate(scenario);
  CHECK(find_line(result, "step_time")->value.p50 == seconds);
  CHECK(find_line(result, "memory")->value.p50 == bytes);
  CHECK(result.model_flops_utilization.p50 ==
        reciprocal(exactly(seconds)).p50 *
            model_flops_utilization(plan.workload, plan.machine, plan.layout, plan.global_batch, 1.0));
}

TEST_CASE("the parts of the step line sum to it") {
  Scenario scenario = tests::worked_example();
  scenario.step = tests::small_step();
  const Estimate result = estimate(scenario);
  double sum = 0.0;
  for (const LedgerInput& part : find_line(result, "step_time")->inputs) {
    if (part.unit == Unit::seconds) sum += part.value.p50;
  }
  CHECK(sum == Approx(find_line(result, "step_time")->value.p50));
}

TEST_CASE("the range of a step is as wide as its profile says, wider for mixtures of experts") {
  StepPlan plan = tests::small_step();
  const Range dense = estimate_step(plan).seconds;
  CHECK(std::log(dense.p90 / dense.p50) == Approx(1.2815515655 * 0.1));
  CHECK(std::log(dense.p50 / dense.p10) == Approx(1.2815515655 * 0.1));
  plan.workload.active_experts = 4.0;
  // √(0.1² + 0.05² · (2.5² − 1))
  CHECK(step_time_spread(plan.profile, plan.workload) == Approx(std::sqrt(0.01 + 0.0025 * 5.25)));
}

TEST_CASE("a plan without measurements is analytic, one with them calibrated") {
  Scenario scenario = tests::worked_example();
  CHECK(estimate(scenario).fidelity == Fidelity::rule);
  scenario.step = tests::small_step();
  CHECK(estimate(scenario).fidelity == Fidelity::analytic);
  scenario.step->profile.rows = 12;
  CHECK(estimate(scenario).fidelity == Fidelity::calibrated);
}

TEST_CASE("what does not fit is told how it would, the cheapest in time first") {
  StepPlan plan = tests::small_step();
  CHECK(estimate_step(plan).fits);
  CHECK(fit_advice(plan).empty());
  const double needed = estimate_step(plan).memory.peak.total();
  plan.machine.memory_capacity = 0.9 * needed;
  CHECK_FALSE(estimate_step(plan).fits);
  const std::vector<FitAdvice> advice = fit_advice(plan);
  REQUIRE_FALSE(advice.empty());
  for (std::size_t i = 0; i < advice.size(); ++i) {
    CHECK(advice[i].memory_bytes <= plan.machine.memory_capacity);
    if (i > 0) CHECK(advice[i].step_seconds >= advice[i - 1].step_seconds);
  }
  plan.machine.memory_capacity = 1.0;
  CHECK(fit_advice(plan).empty());
}
