#include "core/difference.h"

#include "catch.h"
#include "core/gate.h"
#include "io/estimate_file.h"
#include "io/json_text.h"
#include "render/estimate_report.h"
#include "unit/worked_example.h"

#include <cmath>

namespace trainbudget {
namespace {

const TotalDifference* total(const Difference& difference, const std::string& id) {
  for (const TotalDifference& found : difference.totals) {
    if (found.id == id) return &found;
  }
  return nullptr;
}

double sum_of(const TotalDifference& found) {
  double sum = 0.0;
  for (const FactorShare& share : found.shares)
    sum += share.amount;
  return sum;
}

TEST_CASE("an estimate does not differ from itself") {
  const Estimate one = estimate(tests::worked_example());
  CHECK(difference(one, one).empty());
  CHECK(difference(one, one).totals.empty());
}

TEST_CASE("one factor explains all of a difference that it alone makes") {
  const Difference found =
      difference(estimate(tests::worked_example(0.5)), estimate(tests::worked_example(0.25)));
  REQUIRE(found.inputs.size() == 1);
  CHECK(found.inputs[0].title == "utilisation");
  const TotalDifference* cost = total(found, "cost");
  REQUIRE(cost != nullptr);
  // Half the utilisation costs as much again: 44,871.79 hours at $0.79.
  CHECK(cost->amount == Approx(2.52e22 / 312e12 / 0.5 / 3600.0 * 0.79));
  REQUIRE(cost->shares.size() == 1);
  CHECK(cost->shares[0].title == "Model FLOPs utilisation");
  CHECK(cost->shares[0].amount == Approx(cost->amount));
}

TEST_CASE("the shares of two factors follow the logarithmic mean and leave no remainder") {
  // Cost rises fourfold: by 2 from the utilisation, by 2 from the price. Each explains half of it.
  const Difference found =
      difference(estimate(tests::worked_example(0.5, 1.0)), estimate(tests::worked_example(0.25, 2.0)));
  const TotalDifference* cost = total(found, "cost");
  REQUIRE(cost != nullptr);
  REQUIRE(cost->shares.size() == 2);
  CHECK(cost->shares[0].amount == Approx(0.5 * cost->amount));
  CHECK(cost->shares[1].amount == Approx(0.5 * cost->amount));
  CHECK(sum_of(*cost) == Approx(cost->amount).epsilon(1e-12));
  // Time rises twofold, and the price has no part in it.
  const TotalDifference* time = total(found, "wall_time");
  REQUIRE(time != nullptr);
  REQUIRE(time->shares.size() == 1);
}

TEST_CASE("an input that goes into more lines of the one is still one input of both") {
  const Provenance given{.origin = Origin::user, .source = "worked example"};
  Scenario interrupted = tests::worked_example();
  interrupted.gpus.value = 32.0;
  interrupted.reliability = Reliability{.gpu_hours_per_interruption = {exactly(50e3), given},
                                        .checkpoint_bytes = {1e11, given},
                                        .checkpoint_bandwidth = {exactly(1e10), given},
                                        .restart_seconds = {exactly(600.0), given},
                                        .stalls = {exactly(0.01), given},
                                        .residual = {exactly(1.0), given}};
  const auto gpus_of = [](const Difference& found) {
    std::vector<NumberDifference> gpus;
    for (const NumberDifference& one : found.inputs) {
      if (one.title == "GPUs") gpus.push_back(one);
    }
    return gpus;
  };
  // The second has them in the time between interruptions before it has them in the wall time.
  for (const bool turned : {false, true}) {
    const Estimate plain = estimate(tests::worked_example());
    const Estimate other = estimate(interrupted);
    const std::vector<NumberDifference> gpus =
        gpus_of(turned ? difference(other, plain) : difference(plain, other));
    REQUIRE(gpus.size() == 1);
    CHECK(gpus[0].before == exactly(turned ? 32.0 : 64.0));
    CHECK(gpus[0].after == exactly(turned ? 64.0 : 32.0));
  }
}

TEST_CASE("what only one of the two has is shown as such") {
  Scenario unpriced = tests::worked_example();
  unpriced.price.reset();
  unpriced.assumptions = {"prices are left out"};
  const Difference found = difference(estimate(tests::worked_example()), estimate(unpriced));
  CHECK(total(found, "cost") == nullptr);
  bool has_cost = false;
  for (const NumberDifference& line : found.lines) {
    if (line.id != "cost") continue;
    has_cost = true;
    CHECK(line.before.has_value());
    CHECK_FALSE(line.after.has_value());
  }
  CHECK(has_cost);
  REQUIRE(found.facts.size() == 1);
  CHECK(found.facts[0].before.empty());
  CHECK(found.facts[0].after == "prices are left out");
}

TEST_CASE("a saved estimate is read back as it was") {
  const std::string text = render::estimate_json(estimate(tests::worked_example(0.4)), {});
  const Estimate back = io::read_estimate(io::parse_json(text, "a.json"));
  CHECK(render::estimate_json(back, {}) == text);
  CHECK(difference(back, estimate(tests::worked_example(0.4))).empty());
}

TEST_CASE("a report of another version, a range out of order and a lost key are refused") {
  const std::string text = render::estimate_json(estimate(tests::worked_example()), {});
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string copy = text;
    const std::size_t at = copy.find(from);
    REQUIRE(at != std::string::npos);
    copy.replace(at, from.size(), to);
    return copy;
  };
  const auto complaint = [](const std::string& json) -> std::string {
    try {
      io::read_estimate(io::parse_json(json, "a.json"));
    } catch (const io::InputError& error) {
      return error.what();
    }
    return "none";
  };
  CHECK(complaint(text) == "none");
  CHECK(complaint(changed("\"schema_version\": \"1.", "\"schema_version\": \"2.")) ==
        "version 2.2 of a report; this program reads 1");
  CHECK(complaint(changed("\"gpu_hours\": {", "\"gpu_days\": {")) == "estimate lacks 'gpu_hours'");
  CHECK(complaint(changed("\"p10\": 0.5", "\"p10\": 0.7")) == "p10, p50 and p90 are out of order");
  CHECK(complaint(changed("\"gpus\": 64", "\"gpus\": 0")) == "a number above zero is wanted");
  CHECK(complaint(changed("\"unit\": \"flops\"", "\"unit\": \"flop\"")).find("unit") != std::string::npos);
}

TEST_CASE("a limit holds at its own value, breaks above it, and is not decided without a number") {
  const Estimate one = estimate(tests::worked_example());
  const double cost = one.cost_usd->p50;
  CHECK(all_hold(conditions(one, {.cost_usd = cost})));
  CHECK_FALSE(all_hold(conditions(one, {.cost_usd = cost * 0.999})));
  const std::vector<Condition> memory = conditions(one, {.fit = true});
  REQUIRE(memory.size() == 1);
  CHECK(memory[0].verdict == Verdict::unknown);
  CHECK_FALSE(all_hold(memory));
  Scenario unpriced = tests::worked_example();
  unpriced.price.reset();
  CHECK(conditions(estimate(unpriced), {.cost_usd = 1e9}).front().verdict == Verdict::unknown);
}

TEST_CASE("limits are held against the quantile that is asked for") {
  Scenario wide = tests::worked_example();
  wide.price->value = {0.5, 1.0, 2.0};
  const Estimate one = estimate(wide);
  const double limit = one.cost_usd->p50 * 1.01;
  CHECK(all_hold(conditions(one, {.cost_usd = limit, .quantile = Quantile::p10})));
  CHECK(all_hold(conditions(one, {.cost_usd = limit, .quantile = Quantile::p50})));
  CHECK_FALSE(all_hold(conditions(one, {.cost_usd = limit, .quantile = Quantile::p90})));
}

TEST_CASE("a gate tells of what the estimate warns, and of a layout that no limit asks about") {
  Estimate one = estimate(tests::worked_example());
  one.warnings = {"the price is old"};
  const Limits cost{.cost_usd = 1e9};
  CHECK(gate_warnings(one, cost, conditions(one, cost)) == one.warnings);
  one.ledger.push_back({.id = "memory_fit", .title = "Chance that it fits", .value = exactly(0.004)});
  const std::vector<std::string> told = gate_warnings(one, cost, conditions(one, cost));
  REQUIRE(told.size() == 2);
  CHECK(told[1] ==
        "the layout fits in memory with a chance of 0 %, and no limit asks whether it does: --require-fit");
  CHECK(gate_warnings(one, {.fit = true}, conditions(one, {.fit = true})) == one.warnings);
}

TEST_CASE("a quantile of a number without a range is told") {
  Scenario priced = tests::worked_example();
  priced.price->value = {0.5, 1.0, 2.0};
  Estimate one = estimate(priced);
  one.warnings.clear();
  const auto warnings = [&](Quantile quantile) {
    const Limits limits{.cost_usd = 1e9, .wall_time_seconds = 1e9, .quantile = quantile};
    return gate_warnings(one, limits, conditions(one, limits));
  };
  CHECK(warnings(Quantile::p50).empty());
  CHECK(warnings(Quantile::p90) ==
        std::vector<std::string>{"Wall time has no range: at p90 it is the same number as at p50, which says "
                                 "nothing of how sure it is"});
}

}  // namespace
}  // namespace trainbudget
