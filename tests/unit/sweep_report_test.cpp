// What a finished sweep says: who wins, and of what its reader must beware.
#include "sweep/sweep_report.h"

#include "catch.h"
#include "sweep/analysis.h"
#include "sweep/shared_warnings.h"
#include "sweep/sweep_file.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace trainbudget;
using namespace trainbudget::sweep;

namespace {

struct Finished {
  Sweep sweep;
  std::vector<Point> points;
  Analysis analysis;
};

Finished finish(const std::string& yaml) {
  static const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  Finished all{.sweep = read_sweep(io::parse_yaml(yaml, "whatif.yaml")), .points = {}, .analysis = {}};
  all.points = all_points(all.sweep, profiles, 1);
  all.analysis = analyze(all.sweep, all.points);
  return all;
}

std::vector<std::string> warnings(const std::string& yaml) {
  const Finished all = finish(yaml);
  return warning_findings(all.sweep, all.points);
}

bool has(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

std::vector<std::string> findings(const Finished& all) {
  return sweep_findings(all.sweep, all.points, all.analysis);
}

}  // namespace

TEST_CASE("what does not fit in memory neither wins nor is on the front") {
  const std::string base =
      "base: {model: llama-2-7b, tokens: 1T, gpu: h100-sxm-80gb, gpus: 64, price: $2/h, global_batch: "
      "1024}\n";
  const Finished some = finish(base + "grid: {layout: ['tp=1,mbs=8,zero=0', 'tp=1,zero=1', 'tp=2,zero=1']}");
  REQUIRE(some.points[0].cost_usd->p50 < some.points[1].cost_usd->p50);
  REQUIRE(some.points[0].fits == false);
  REQUIRE(some.points[1].fits == true);
  CHECK_FALSE(some.points[0].meets);
  CHECK(some.analysis.cheapest == 1);
  CHECK(some.analysis.fastest == 1);
  CHECK(some.analysis.on_front == std::vector<bool>{false, true, false});
  CHECK(some.analysis.swings[0].cheapest == "tp=1,zero=1");

  const Finished none = finish(base + "grid: {layout: ['tp=1,mbs=8,zero=0', 'tp=1,mbs=16,zero=0']}");
  CHECK_FALSE(none.analysis.cheapest);
  CHECK_FALSE(none.analysis.fastest);
  CHECK(findings(none).front() == "None of the scenarios fits in memory");
}

TEST_CASE("what estimates warn of is told once, with the scenarios that it holds for") {
  const std::string base =
      "base: {params: 7B, tokens: 1T, gpu: h100-sxm-80gb, gpus: 64, price: {provider: gcp}}\n";
  const std::string spot = "spot: {price: {pricing: spot}}";
  const std::string unknown =
      "how often spot instances are taken back is unknown: the hours count no pre-emption; give it: "
      "--preempted-every 12h..5d";
  CHECK(has(warnings(base + "scenarios: {" + spot + ", more: {gpus: 128}}"), "Beware in spot: " + unknown));
  CHECK(has(warnings(base + "scenarios: {" + spot + "}\ngrid: {gpus: [64, 128]}"),
            "Beware in spot: " + unknown));
  CHECK(has(warnings(base + "grid: {price.pricing: [on_demand, spot], gpus: [64, 128]}"),
            "Beware in 2 of 4 scenarios, the first: price.pricing spot, gpus 64: " + unknown));
  const std::string exact =
      "the efficiency is a single number, so hours have no range; give one: --efficiency 40%..55%";
  const std::string priced = "base: {params: 7B, tokens: 1T, gpu: h100-sxm-80gb, gpus: 64, price: $2/h}\n";
  CHECK(warnings(priced + "grid: {efficiency: [40%, 50%]}") == std::vector<std::string>{"Beware: " + exact});
  CHECK(warnings(priced + "grid: {efficiency: [40%, 40%..50%]}") ==
        std::vector<std::string>{"Beware in efficiency 40%: " + exact});
}

TEST_CASE("of very many warnings the first are told, and how many more there are") {
  std::vector<Point> points(40);
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i].warnings = {"row " + std::to_string(i), "in even and odd rows: " + std::to_string(i % 2)};
  const std::vector<SharedWarning> all = shared_warnings(pointers_to(points));
  REQUIRE(all.size() == 42);
  CHECK(all[1].text == "in even and odd rows: 0");
  CHECK(all[1].rows.size() == 20);
  const std::vector<std::string> told = warning_findings(pointers_to(points));
  REQUIRE(told.size() == 9);
  CHECK(told[0] == "Beware in #1: row 0");
  CHECK(told[1] == "Beware in #1, #3, #5, #7 and 16 more: in even and odd rows: 0");
  CHECK(told[8] == "Beware: 34 more warnings, all in --format json");
}

TEST_CASE("where more than GPU-hours is paid, the total is shown and wins") {
  const std::string base =
      "base: {params: 7B, tokens: 1T, gpu: h100-sxm-80gb, gpus: 64, efficiency: 40%, price: $2/h, staff: "
      "$100k/month}\n";
  const Finished all = finish(base + "scenarios: {sooner: {gpus: 256, price: $2.1/h}}");
  CHECK(all.analysis.has_total);
  REQUIRE(all.points[1].cost_usd->p50 > all.points[0].cost_usd->p50);
  REQUIRE(all.points[1].bill_usd->p50 < all.points[0].bill_usd->p50);
  CHECK(all.analysis.cheapest == 1);
  CHECK(all.analysis.on_front == std::vector<bool>{false, true});
  CHECK_THAT(findings(all)[0], ContainsSubstring("in total"));
  const auto keys = [](const Finished& of) {
    std::vector<std::string> found;
    for (const render::Column& column : sweep_table(of.sweep, of.points, of.analysis).columns)
      found.push_back(column.key);
    return found;
  };
  CHECK(has(keys(all), "total_usd"));
  const std::string plain = "base: {params: 7B, tokens: 1T, gpu: h100-sxm-80gb, gpus: 64, price: $2/h}\n";
  const Finished hours = finish(plain + "grid: {gpus: [64, 128]}");
  CHECK_FALSE(has(keys(hours), "total_usd"));
  CHECK_FALSE(has(keys(hours), "co2_grams"));
  CHECK(has(keys(finish(plain + "grid: {energy.country: [France, Germany]}")), "co2_grams"));
}

TEST_CASE("an axis that changes nothing that is shown is told") {
  const std::string base = "base: {params: 7B, tokens: 1T, gpu: h100-sxm-80gb, gpus: 64, price: $2/h}\n";
  CHECK(has(findings(finish(base + "grid: {start_delay: [1 day, 8 weeks]}")),
            "start_delay changes none of these numbers"));
  CHECK(
      has(findings(finish(base + "grid: {energy.country: [France, Germany]}\nreport: {columns: [cost_usd]}")),
          "energy.country changes no column that is shown, but: co2_grams, co2_grams_p10, co2_grams_p90"));
  for (const std::string& finding : findings(finish(base + "grid: {gpus: [64, 128], start: [2026-12-01]}")))
    CHECK_THAT(finding, !ContainsSubstring("changes no"));
}
