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
  plan.workload.kinds.front().expert_products = 4.0;
  // √(0.1² + 0.05² · (2.5² − 1))
  CHECK(step_time_spread(plan.profile, plan.workload) == Approx(std::sqrt(0.01 + 0.0025 * 5.25)));
}

TEST_CASE("a kind of models that a stack was never seen to train has a wider range") {
  StepPlan plan = tests::small_step();
  const ModelKind kind = kind_of(plan.workload);
  CHECK(name_of(kind) == "attention");
  const double known = step_time_spread(plan.profile, plan.workload);  // `seen` is not known
  plan.profile.seen = {kind, {.attention = true, .experts = true}};
  CHECK(step_time_spread(plan.profile, plan.workload) == known);
  // A dense model is another kind than a mixture of experts, in either direction.
  plan.profile.seen = {{.attention = true, .experts = true}};
  CHECK(step_time_spread(plan.profile, plan.workload) == Approx(std::hypot(known, unseen_kind_spread)));
  plan.profile.seen = {kind};
  plan.workload.kinds.front().expert_products = 4.0;
  CHECK(name_of(kind_of(plan.workload)) == "attention+experts");
  CHECK(step_time_spread(plan.profile, plan.workload) ==
        Approx(std::sqrt(0.01 + 0.0025 * 5.25 + unseen_kind_spread * unseen_kind_spread)));
  plan.workload.recurrences.push_back({});
  CHECK(name_of(kind_of(plan.workload)) == "attention+experts+recurrence");
}

TEST_CASE("memory has a range, which says whether it fits") {
  StepPlan plan = tests::small_step();
  plan.profile.memory_spread = 0.1;
  const StepEstimate step = estimate_step(plan);
  const Range bytes = step.memory_bytes;
  CHECK(bytes.p50 == step.memory.peak.total());
  CHECK(std::log(bytes.p90 / bytes.p50) == Approx(1.2815515655 * 0.1));
  CHECK(memory_fit(bytes, bytes.p90) == MemoryFit::fits);
  CHECK(memory_fit(bytes, bytes.p50) == MemoryFit::probably_fits);
  CHECK(memory_fit(bytes, bytes.p10) == MemoryFit::probably_does_not);
  CHECK(memory_fit(bytes, 0.99 * bytes.p10) == MemoryFit::does_not);
  // By definition of the quantiles.
  CHECK(fit_probability(bytes.p50, 0.1, bytes.p90) == Approx(0.9));
  CHECK(fit_probability(bytes.p50, 0.1, bytes.p50) == Approx(0.5));
  CHECK(fit_probability(bytes.p50, 0.1, bytes.p10) == Approx(0.1));
  CHECK(fit_probability(2.0, 0.0, 2.0) == 1.0);
  CHECK(fit_probability(2.0, 0.0, 1.9) == 0.0);
}

TEST_CASE("the share of the memory that may be planned with leaves the chance that is asked for") {
  StepPlan plan = tests::small_step();
  plan.profile.memory_spread = 0.2;
  CHECK(memory_share(plan.profile, Quantile::p50) == 1.0);
  const double share = memory_share(plan.profile, Quantile::p90);
  CHECK(share == Approx(std::exp(-1.2815515655 * 0.2)));
  CHECK(fit_probability(80e9 * share, 0.2, 80e9) == Approx(0.9));
  plan.profile.memory_spread = 0.0;
  CHECK(memory_share(plan.profile, Quantile::p90) == 1.0);
}

TEST_CASE("an estimate says what chance its memory has, and warns where it is not sure") {
  Scenario scenario = tests::worked_example();
  CHECK_FALSE(estimate(scenario).memory_fit);  // no step is computed
  scenario.step = tests::small_step();
  scenario.step->profile.memory_spread = 0.1;
  const double needed = estimate_step(*scenario.step).memory.peak.total();
  const auto with_capacity = [&](double factor) {
    scenario.step->machine.memory_capacity = factor * needed;
    return estimate(scenario);
  };
  const auto warned = [](const Estimate& result, const std::string& word) {
    for (const std::string& warning : result.warnings) {
      if (warning.find("this layout " + word + " in the memory") != std::string::npos) return true;
    }
    return false;
  };
  const Estimate sure = with_capacity(2.0);
  CHECK(sure.memory_fit == MemoryFit::fits);
  CHECK_FALSE(warned(sure, "fits"));
  CHECK(find_line(sure, "memory_fit")->value.p50 > 0.99);
  const Estimate likely = with_capacity(1.05);
  CHECK(likely.memory_fit == MemoryFit::probably_fits);
  CHECK(warned(likely, "probably fits"));
  // Φ(ln 1.05 ÷ 0.1) = Φ(0.488)
  CHECK(find_line(likely, "memory_fit")->value.p50 == Approx(0.6872).epsilon(0.001));
  CHECK(warned(with_capacity(0.95), "probably does not fit"));
  CHECK(with_capacity(0.5).memory_fit == MemoryFit::does_not);
  CHECK(warned(with_capacity(0.5), "does not fit"));
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
