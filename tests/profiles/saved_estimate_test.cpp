// Estimates with every kind of term, saved, read back and held against each other.
#include "catch.h"
#include "core/difference.h"
#include "core/gate.h"
#include "io/estimate_file.h"
#include "io/json_text.h"
#include "io/scenario_file.h"
#include "profiles.h"
#include "render/difference_report.h"
#include "render/estimate_report.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace trainbudget;

namespace {

constexpr const char* run = "params: 14B, tokens: 300B, gpu: h100-sxm-80gb, gpus: 64, as_of: 2026-08-21";

const std::vector<std::pair<const char*, std::string>>& scenarios() {
  const auto with = [](const char* more) { return "{" + std::string(run) + ", " + more + "}"; };
  static const std::vector<std::pair<const char*, std::string>> all = {
      {"a prior and the market", with("start: 2026-12-01, start_delay: 1 day..8 weeks")},
      {"owned", with("efficiency: 40%..50%, own: {utilization: 70%}, energy: {country: France}")},
      {"spot at a known rate",
       with("price: {pricing: spot, provider: gcp}, spot: {preempted_every: 2d..10d, on_demand_share: 25%}")},
      {"spot at an unknown rate", with("price: {pricing: spot}, efficiency: 40%, reliability: {}")},
      {"a price that falls, committed, with all that stands around it",
       with("price: {amount: $3/h, falls_per_year: 10%}, commitment: {term: 1 year}, storage: "
            "{price_per_gb_month: $0.02, checkpoints: 10, kept: 3 months}, egress: {data: 2TB, price_per_gb: "
            "$0.09}, development: 50%, staff: $50k/month, contingency: 10%, used_gpu_hours: 30k")},
      {"simulated, with spares",
       with("price: $2/h, reliability: {spare_gpus: 8}, simulation: {runs: 200}, energy: {grid: 300 g/kWh}")},
      {"a step that is computed",
       "{model: rwkv-7-7.2b, tokens: 3T, cluster: hgx-h100, gpus: 32, global_batch: 1M, layout: "
       "'tp=1,pp=2,mbs=2', "
       "price: $2/h}"},
      {"a step of a calibrated stack",
       "{model: llama-3-8b, tokens: 1T, cluster: hgx-h100, gpus: 64, global_batch: 4M, layout: "
       "'tp=2,pp=1,mbs=1', "
       "stack: megatron-bridge, price: {pricing: on_demand}}"},
  };
  return all;
}

Estimate fresh(const std::string& text) {
  static const io::ProfileFolder folder = profiles::folder();
  return estimate(io::read_scenario(io::parse_yaml(text, "scenario.yaml"), folder));
}

Estimate saved(const Estimate& estimate) {
  return io::read_estimate(io::parse_json(render::estimate_json(estimate, {}), "saved.json"));
}

bool same(double a, double b) {
  return std::abs(a - b) <= 1e-10 * std::max(std::abs(a), std::abs(b));
}

/// What of the ledgers differs, by the words of a plain comparison.
std::set<std::string> differing_lines(const Estimate& a, const Estimate& b) {
  std::set<std::string> ids;
  for (const Estimate* each : {&a, &b}) {
    for (const LedgerLine& line : each->ledger) {
      const LedgerLine* x = find_line(a, line.id);
      const LedgerLine* y = find_line(b, line.id);
      if (x == nullptr || y == nullptr || !same(x->value.p10, y->value.p10) ||
          !same(x->value.p50, y->value.p50) || !same(x->value.p90, y->value.p90))
        ids.insert(line.id);
    }
  }
  return ids;
}

}  // namespace

TEST_CASE("an estimate with any of its terms is read back as it was saved") {
  for (const auto& [title, text] : scenarios()) {
    INFO(title);
    const Estimate made = fresh(text);
    const Estimate back = saved(made);
    // Reports carry 12 digits; what was read from one is written as it was read.
    const bool stable = render::estimate_json(saved(back), {}) == render::estimate_json(back, {});
    CHECK(stable);
    CHECK(back.ledger.size() == made.ledger.size());
    CHECK(difference(back, made).empty());
    CHECK(difference(made, back).empty());
  }
}

TEST_CASE("between any two of them every line that differs is told once, and what went in is told once") {
  std::vector<Estimate> all;
  for (const auto& [title, text] : scenarios())
    all.push_back(fresh(text));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < all.size(); ++j) {
      if (i == j) continue;
      INFO(scenarios()[i].first << " and " << scenarios()[j].first);
      const Difference found = difference(saved(all[i]), all[j]);
      CHECK_FALSE(found.empty());
      std::set<std::string> told;
      for (const NumberDifference& line : found.lines)
        CHECK(told.insert(line.id).second);
      CHECK(told == differing_lines(all[i], all[j]));
      std::set<std::pair<std::string, std::string>> inputs;
      for (const NumberDifference& input : found.inputs) {
        INFO(input.id << ": " << input.title);
        CHECK(inputs.insert({input.id, input.title}).second);
      }
      for (const TotalDifference& total : found.totals) {
        double sum = 0.0;
        for (const FactorShare& share : total.shares)
          sum += share.amount;
        CHECK(sum == Approx(total.amount).margin(1e-6));
      }
      // The other way round it is the same with the sides changed.
      const Difference back = difference(all[j], all[i]);
      CHECK(back.lines.size() == found.lines.size());
      CHECK(back.inputs.size() == found.inputs.size());
      CHECK(back.facts.size() == found.facts.size());
    }
  }
}

TEST_CASE("assumptions come first, in text and in Markdown, a start that differs is one of them") {
  const std::string text = "{" + std::string(run) + ", efficiency: 40%..50%, price: $2/h, start: ";
  const Difference found = difference(fresh(text + "2026-12-01}"), fresh(text + "2027-01-01}"));
  REQUIRE(found.facts.size() == 1);
  CHECK(found.facts[0].title == "Start");
  CHECK(found.facts[0].before == "2026-12-01");
  CHECK(found.facts[0].after == "2027-01-01");
  CHECK_FALSE(found.empty());

  const render::DifferenceReport report{
      difference(fresh(scenarios()[0].second), fresh(scenarios()[2].second)), "a", "b"};
  for (const std::string& out : {render::difference_text(report, {}), render::difference_markdown(report)}) {
    const std::size_t assumed = out.find("Assumed");
    const std::size_t went_in = out.find("What went in");
    const std::size_t came_out = out.find("What came out");
    REQUIRE(came_out != std::string::npos);
    CHECK(assumed < went_in);
    CHECK(went_in < came_out);
  }
}

TEST_CASE("the end of a run that waits for accelerators is later by the wait") {
  const std::string text = "{" + std::string(run) + ", efficiency: 40%, price: $2/h, start: 2026-12-01";
  const Estimate at_once = fresh(text + "}");
  const Estimate later = fresh(text + ", start_delay: 10 days}");
  const Limits limits{.finish_by = at_once.dates->p50};
  CHECK(all_hold(conditions(at_once, limits)));
  CHECK_FALSE(all_hold(conditions(later, limits)));
  CHECK_FALSE(all_hold(conditions(saved(later), limits)));
  CHECK(all_hold(conditions(later, {.finish_by = later.dates->p50})));
}
