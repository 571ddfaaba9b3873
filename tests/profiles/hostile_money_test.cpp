// Every number of the bill with values that nobody means: each is refused at its place with what is wanted,
// or gives a report of finite numbers.
#include "catch.h"
#include "core/estimate.h"
#include "io/input_error.h"
#include "io/map_reader.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "profiles.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace trainbudget;

namespace {

/// A key of a scenario, a unit for its values, and what it needs beside it.
struct Key {
  const char* path;
  std::vector<const char*> units;  ///< "$" goes before the number; "" is the bare number
  std::vector<std::pair<const char*, const char*>> beside = {};
};

const std::vector<Key> keys = {
    {"price", {"$", "$/h"}},
    {"price.amount", {"$", "$/h"}},
    {"price.rises_per_year", {"", "%"}, {{"price.amount", "$2/h"}}},
    {"price.falls_per_year", {"", "%"}, {{"price.amount", "$2/h"}}},
    {"price.gpus_per_instance", {""}},
    {"price.provider", {""}},
    {"price.pricing", {""}},
    {"price.region", {""}},
    {"price.choose", {""}},
    {"as_of", {"", "-01-01"}},
    {"energy.load_fraction", {"", "%"}},
    {"energy.server_overhead", {"", "W", "GW"}},
    {"energy.network_fraction", {"", "%"}},
    {"energy.pue", {""}},
    {"energy.grid", {"", " g/kWh"}},
    {"energy.year", {""}},
    {"energy.country", {""}},
    {"commitment", {""}},
    {"commitment.term", {"", "s", " years"}},
    {"commitment.gpus", {""}, {{"commitment.term", "1 year"}}},
    {"commitment.gpu_hours", {""}},
    {"own", {""}},
    {"own.capex", {"", "$"}},
    {"own.rated_power", {"", "W", "kW"}},
    {"own.life", {"", "s", " years"}},
    {"own.cost_of_capital", {"", "%"}},
    {"own.residual", {"", "%"}},
    {"own.contracted_share", {"", "%"}},
    {"own.colocation_per_kw_month", {"", "$"}},
    {"own.load_fraction", {"", "%"}},
    {"own.pue", {""}},
    {"own.electricity", {"", "$/kWh"}},
    {"own.staff_per_year", {"", "$"}},
    {"own.maintenance", {"", "%"}},
    {"own.utilization", {"", "%"}},
    {"storage.price_per_gb_month", {"", "$"}, {{"storage.data", "20TB"}}},
    {"storage.checkpoints", {""}, {{"storage.price_per_gb_month", "$0.02"}}},
    {"storage.checkpoint_size",
     {"", "B", "TB"},
     {{"storage.price_per_gb_month", "$0.02"}, {"storage.checkpoints", "10"}}},
    {"storage.data", {"", "B", "TB"}, {{"storage.price_per_gb_month", "$0.02"}}},
    {"storage.kept",
     {"", "s", " years"},
     {{"storage.price_per_gb_month", "$0.02"}, {"storage.data", "20TB"}}},
    {"egress.data", {"", "B", "TB"}, {{"egress.price_per_gb", "$0.09"}}},
    {"egress.price_per_gb", {"", "$"}, {{"egress.data", "2TB"}}},
    {"development", {"", "%"}},
    {"staff", {"", "$", "$/month", "$/h"}},
    {"staff.people", {""}, {{"staff.each", "$300k/year"}}},
    {"staff.each", {"", "$/year"}, {{"staff.people", "5"}}},
    {"contingency", {"", "%"}},
    {"reliability.gpu_hours_per_interruption", {""}},
    {"reliability.checkpoint_size", {"", "B", "TB"}},
    {"reliability.checkpoint_bandwidth", {"", "B/s", "GB/s"}},
    {"reliability.checkpoint_interval", {"", "s", " years"}},
    {"reliability.restart", {"", "s", " years"}},
    {"reliability.stalls", {"", "%"}},
    {"reliability.spare_gpus", {""}},
    {"reliability.residual", {"", "%"}},
    {"spot.preempted_every", {"", "s", " years"}},
    {"spot.notice", {"", "s", " years"}},
    {"spot.replacement", {"", "s", " years"}},
    {"spot.gpus_per_instance", {""}},
    {"spot.on_demand_share", {"", "%"}},
    {"spot.on_demand_price", {"", "$/h"}},
    {"simulation.runs", {""}},
    {"simulation.seed", {""}, {{"simulation.runs", "100"}}},
    {"start", {"", "-01-01"}},
    {"start_delay", {"", "s", " years"}},
    {"used_gpu_hours", {""}},
    {"efficiency", {"", "%"}},
    {"params", {""}},
    {"tokens", {""}},
    {"gpus", {""}},
};

constexpr const char* numbers[] = {"0",    "-1",    "1e-300", "1e-18", "1e-9",      "1",    "1e9",
                                   "1e18", "1e300", "1e400",  "nan",   "inf",       "-inf", "0x10",
                                   "1e",   "--1",   "1,5,0",  "9999",  "999999999", "1e309"};
constexpr const char* ranges[][2] = {
    {"1", "0"}, {"0", "1"}, {"-1", "1"}, {"1", "1e300"}, {"1e-300", "1e300"}};
constexpr const char* words[] = {"true", "~", "[1]", "{}", "[]", "{a: 1}", "{p10: 3, p50: 2, p90: 1}",
                                 "none", "x"};

std::string with_unit(const char* number, std::string unit) {
  const bool dollars = unit.starts_with("$");
  if (dollars) unit.erase(0, 1);
  return (dollars ? "$" : "") + std::string(number) + unit;
}

std::vector<std::string> values_of(const Key& key) {
  std::vector<std::string> values(std::begin(words), std::end(words));
  for (const char* unit : key.units) {
    for (const char* number : numbers)
      values.push_back(with_unit(number, unit));
    for (const auto& [low, high] : ranges)
      values.push_back(with_unit(low, unit) + ".." + with_unit(high, unit));
  }
  return values;
}

const std::vector<std::pair<const char*, const char*>> bases = {
    {"a prior and the market",
     "{params: 14B, tokens: 300B, gpu: h100-sxm-80gb, gpus: 64, start: 2026-12-01}"},
    {"a price and an efficiency",
     "{params: 14B, tokens: 300B, gpu: h100-sxm-80gb, gpus: 64, price: $2/h, efficiency: 40%..50%}"},
    {"spot",
     "{model: rwkv-7-1.5b, tokens: 300B, gpu: h100-sxm-80gb, gpus: 64, price: {pricing: spot}, reliability: "
     "{}, "
     "energy: {country: France}, development: 50%, contingency: 10%, start: 2026-12-01}"}};

void set(io::YamlNode& document, const char* path, const std::string& text) {
  io::apply_setting(document, path + ("=" + text));
}

bool is_sane(double value) {
  return std::isfinite(value) && std::abs(value) < 1e60;
}

/// Numbers of a report: finite, in order, and negative only where something falls.
void check_report(const Estimate& estimate) {
  const auto check = [](const std::string& name, const Range& range) {
    const bool sane = is_sane(range.p10) && is_sane(range.p50) && is_sane(range.p90) &&
                      range.p10 <= range.p50 && range.p50 <= range.p90 &&
                      (range.p10 >= 0.0 || name == "change a year");
    if (!sane) FAIL_CHECK(name << ": " << range.p10 << ", " << range.p50 << ", " << range.p90);
  };
  for (const LedgerLine& line : estimate.ledger) {
    check(line.id, line.value);
    for (const LedgerInput& input : line.inputs)
      check(input.name, input.value);
  }
}

/// What is wrong is said, with its place and what would be right.
void check_refusal(const io::InputError& error) {
  const std::string message = error.what();
  const bool says_what_is_wanted = message.find("wanted") != std::string::npos ||
                                   message.find("lacks") != std::string::npos || !error.hint.empty();
  CHECK(says_what_is_wanted);
  CHECK_FALSE(error.location.file.empty());
}

}  // namespace

TEST_CASE("no value of any key of the bill makes a number that is none") {
  const io::ProfileFolder folder = profiles::folder();
  int refused = 0;
  int taken = 0;
  for (const auto& [title, text] : bases) {
    const io::YamlNode base = io::parse_yaml(text, "base.yaml");
    for (const Key& key : keys) {
      for (const std::string& value : values_of(key)) {
        INFO(title << ", " << key.path << ": " << value);
        try {
          io::YamlNode document = base;
          for (const auto& [path, beside] : key.beside)
            set(document, path, beside);
          set(document, key.path, value);
          check_report(estimate(io::read_scenario(document, folder)));
          ++taken;
        } catch (const io::InputError& error) {
          check_refusal(error);
          ++refused;
        } catch (const std::exception& error) {
          FAIL_CHECK("threw " << error.what());
        }
      }
    }
  }
  CHECK(refused > 4000);
  CHECK(taken > 500);
}

TEST_CASE("the largest of everything together is still a number") {
  io::YamlNode document = io::parse_yaml(
      "{params: 1000T, tokens: 1e19, gpu: h100-sxm-80gb, gpus: 1, precision: bf16, efficiency: 0.0001%, "
      "price: {amount: $10000/h, rises_per_year: 100%}}",
      "huge.yaml");
  const auto outcome = [&] {
    try {
      check_report(estimate(io::read_scenario(document, profiles::folder())));
      return std::string("a report");
    } catch (const io::InputError& error) {
      check_refusal(error);
      return std::string(error.what());
    }
  };
  CHECK(outcome() == "a report");
}

TEST_CASE("keys of the bill that contradict each other are refused, each with a way out") {
  const std::pair<const char*, const char*> contradictions[] = {
      {"{own: true, commitment: {term: 1 year}}", "own hardware has no commitment"},
      {"{own: true, price: {amount: $2/h, rises_per_year: 10%}}", "own hardware has no commitment"},
      {"{own: true, spot: {preempted_every: 5d}}", "is not taken back"},
      {"{price: {amount: $2/h, provider: aws}}", "has an amount and is also looked up"},
      {"{price: {amount: $2/h, rises_per_year: 10%, falls_per_year: 10%}}", "rises and falls"},
      {"{price: {schedule: [{amount: $2/h}, {from: 2027-01-01, amount: $1/h}]}}", "the run has no start"},
      {"{price: {schedule: [{amount: $2/h}, {after: 2d, from: 2027-01-01, amount: $1/h}]}}",
       "and after a time"},
      {"{commitment: {term: 1 year, gpu_hours: 5}}", "one of gpu_hours and term"},
      {"{commitment: {gpus: 5, gpu_hours: 5}}", "gpus go with a term"},
      {"{energy: {grid: 300 g/kWh, country: France}}", "the grid is named twice"},
      {"{energy: {grid: 300 g/kWh, year: 2020}}", "has no year"},
      {"{energy: {year: 2020}}", "no grid of which"},
      {"{energy: {convention: model-card, pue: 1.1}}", "GPU-hours × TDP and nothing else"},
      {"{efficiency: 40%, simulation: {runs: 100}}", "nothing to simulate"},
      {"{price: $2/h, spot: {on_demand_share: 20%}, gpu: rubin}", "no price of that is known"},
      {"{storage: {price_per_gb_month: $0.02, checkpoint_size: 1TB, data: 1TB}}", "no number of them"},
      {"{storage: {price_per_gb_month: $0.02}}", "nothing is stored"},
      {"{staff: {people: 0, each: $1k/month}}", "nobody is no staff"},
  };
  const io::ProfileFolder folder = profiles::folder();
  for (const auto& [text, complaint] : contradictions) {
    INFO(text);
    io::YamlNode document =
        io::parse_yaml("{params: 14B, tokens: 300B, gpu: h100-sxm-80gb, gpus: 64}", "base.yaml");
    for (io::YamlNode::Entry entry : io::parse_yaml(text, "contradiction.yaml").entries) {
      const io::Location where = entry.value.location;
      io::remove_at_path(document, entry.key);
      io::set_at_path(document, entry.key, std::move(entry.value), where);
    }
    std::string said = "accepted";
    try {
      estimate(io::read_scenario(document, folder));
    } catch (const io::InputError& error) {
      said = error.what();
      CHECK_FALSE(error.hint.empty());
    }
    CHECK(said.find(complaint) != std::string::npos);
    CAPTURE(said);
  }
}
