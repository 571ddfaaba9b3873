// Sweeps: axes, places, what files may say, and what the numbers come to.
#include "sweep/sweep.h"

#include "catch.h"
#include "input_error_of.h"
#include "sweep/analysis.h"
#include "sweep/axis.h"
#include "sweep/sweep_csv.h"
#include "sweep/sweep_file.h"
#include "sweep/sweep_report.h"

#include <string>
#include <vector>

using namespace trainbudget;
using namespace trainbudget::sweep;

namespace {

Axis axis(const std::string& path, const std::string& yaml) {
  const io::YamlNode root = io::parse_yaml("value: " + yaml, "grid.yaml");
  return read_axis(path, root.entries.front().value);
}

Sweep sweep_of(const std::string& yaml) {
  return read_sweep(io::parse_yaml(yaml, "whatif.yaml"));
}

std::string error_of(const std::string& yaml) {
  return input_error_of([&] { sweep_of(yaml); }).what();
}

const io::ProfileFolder& profiles() {
  static const io::ProfileFolder folder(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  return folder;
}

const std::string base =
    "base: {params: 14B, tokens: 300B, gpu: a100-sxm-80gb, gpus: 64, efficiency: 50%, price: $1/h}\n";

Point point(double cost, double seconds) {
  return {.gpu_hours = exactly(cost),
          .wall_time_seconds = exactly(seconds),
          .cost_usd = exactly(cost),
          .bill_usd = exactly(cost),
          .meets = true};
}

}  // namespace

TEST_CASE("an axis is a list, a range that doubles or adds, or one value") {
  CHECK(axis("gpus", "8..64*2").texts == std::vector<std::string>{"8", "16", "32", "64"});
  CHECK(axis("gpus", "8..100*2").numbers == std::vector<double>{8, 16, 32, 64});
  CHECK(axis("tokens", "100B..300B+100B").numbers == std::vector<double>{1e11, 2e11, 3e11});
  CHECK(axis("tokens", "100B..1T+100B").numbers.size() == 10);
  CHECK(axis("efficiency", "10%..50%+10%").numbers.size() == 5);
  CHECK(axis("efficiency", "10%..50%+10%").numbers[4] == Approx(0.5));
  CHECK(axis("price", "$0.5/h..$2/h+$0.5/h").numbers == std::vector<double>{0.5, 1.0, 1.5, 2.0});
  CHECK(axis("gpus", "[8, 100..300+100, 24]").numbers == std::vector<double>{8, 100, 200, 300, 24});
  CHECK(axis("tokens", "1e+11..3e+11+1e+11").numbers == std::vector<double>{1e11, 2e11, 3e11});
  CHECK(axis("gpu", "[a100-sxm-80gb, h100-sxm-80gb]").numbers.empty());
  // Quotes are a shell's or YAML's, and change nothing but names.
  CHECK(axis("gpus", "'8..64*2'").texts == axis("gpus", "8..64*2").texts);
  CHECK(axis("tokens", "[\"100B..300B+100B\", 1T]").numbers == std::vector<double>{1e11, 2e11, 3e11, 1e12});
  CHECK(axis("model", "'a..b+c'").texts == std::vector<std::string>{"a..b+c"});
  // Without a step it is one value, which says how sure it is.
  CHECK(axis("efficiency", "40%..55%").texts == std::vector<std::string>{"40%..55%"});
  CHECK(axis("price", "[{pricing: spot}, $2/h]").texts == std::vector<std::string>{"pricing: spot", "$2/h"});
}

TEST_CASE("an axis that cannot be counted through is refused") {
  const auto error = [](const std::string& path, const std::string& yaml) {
    return std::string(input_error_of([&] { axis(path, yaml); }).what());
  };
  CHECK(error("gpus", "[]") == "'gpus' has no values");
  CHECK(error("gpus", "[8, 8]") == "'8' is listed twice in 'gpus'");
  CHECK(error("tokens", "100B..1T") == "the range '100B..1T' has no step");
  CHECK(error("gpus", "[8, 16..64]") == "the range '16..64' has no step");
  CHECK(input_error_of([&] { axis("tokens", "100B..1T"); }).hint ==
        "100B..1T*2 doubles, 100B..1T+100B adds 100B");
  CHECK(error("gpus", "64..8*2") == "the range '64..8*2' is upside down");
  CHECK(error("gpus", "8..64*1") == "the range '8..64*1' never ends");
  CHECK(error("gpus", "8..64+0") == "the range '8..64+0' never ends");
  CHECK(error("gpus", "1..1000000+1") == "the range '1..1000000+1' has more than 100,000 values");
  CHECK(error("model", "a..b+c") == "'model' is no quantity that can be counted through");
}

TEST_CASE("every point has a place and every place a point") {
  const Sweep sweep = sweep_of(base +
                               "scenarios: {dear: {price: $2/h}}\n"
                               "grid: {gpus: [8, 16, 32], tokens: [1T, 2T]}\n");
  REQUIRE(sweep.size() == 12);
  for (std::uint64_t i = 0; i < 12; ++i)
    CHECK(index_of(sweep, place_of(sweep, i)) == i);
  const Place last = place_of(sweep, 11);
  CHECK(last.variant == 1);
  CHECK(last.values == std::vector<std::size_t>{2, 1});
  CHECK(place_of(sweep, 1).values == std::vector<std::size_t>{0, 1});  // the last axis varies fastest
}

TEST_CASE("what is wrong in a what-if file is told before any work") {
  CHECK(error_of(base) == "neither 'scenarios' nor 'grid': there is nothing to compare");
  CHECK(error_of("grid: {gpus: 8}") == "what-if file lacks 'base'");
  CHECK(error_of(base + "grid: {}") == "'grid' has no axes");
  CHECK(error_of(base + "scenarios: {}") == "'scenarios' names none");
  CHECK(error_of(base + "scenarios: {base: {gpus: 8}}") ==
        "'base' is the scenario that the others differ from");
  CHECK(error_of(base + "scenarios: {a: {}}") == "'a' changes nothing of the base");
  CHECK(error_of(base + "scenarios: {a: {gpus: 8}}\ncompare_to: b") == "no scenario is called 'b'");
  CHECK(error_of(base + "grid: {gpus: 8}\nconstraints: {fits: no}") == "true or false is wanted, not 'no'");
  CHECK(error_of(base + "grid: {gpus: 8}\nconstraints: {deadline: $3}").find("deadline") ==
        std::string::npos);
  CHECK(error_of(base + "grid: {gpus: 8}\nreport: {sort: price}") == "unknown column 'price'");
  CHECK(error_of(base + "grid: {price: [$1/h], price.provider: [aws]}") ==
        "'price.provider' lies in 'price', an axis as well");
  CHECK(error_of(base + "grids: {gpus: 8}") == "unknown key 'grids' in what-if file");
}

TEST_CASE("values that no scenario can have are found before any work, others make a row") {
  const auto check = [](const std::string& yaml) {
    const Sweep sweep = sweep_of(yaml);
    PointReader reader(sweep, profiles());
    check_values(sweep, reader);
  };
  CHECK_THAT(input_error_of([&] { check(base + "grid: {gpus: [8], gpu: [a100-sxm-80gb, h10]}"); }).what(),
             ContainsSubstring("unknown accelerator 'h10'"));
  CHECK_THAT(input_error_of([&] { check(base + "grid: {gpus: [8, 0]}"); }).what(), ContainsSubstring("GPUs"));
  CHECK_THAT(input_error_of([&] { check(base + "scenarios: {a: {tokenz: 3}}"); }).what(),
             ContainsSubstring("unknown key 'tokenz'"));
  const std::string offer =
      "base: {params: 14B, tokens: 300B, gpu: a100-sxm-80gb, gpus: 64, price: {provider: gcp}}\n";
  const io::InputError two_prices =
      input_error_of([&] { check(offer + "scenarios: {mine: {price: {amount: $2/h}}}"); });
  CHECK_THAT(two_prices.what(), ContainsSubstring("scenario 'mine': the price has an amount"));
  CHECK_THAT(two_prices.hint, ContainsSubstring("'price: {provider: null}' in the scenario"));
  CHECK_NOTHROW(check(offer + "scenarios: {mine: {price: {amount: $2/h, provider: null}}}"));
  // tp=8 does not divide 12 GPUs: a row says so.
  const Sweep sweep = sweep_of(
      "base: {model: llama-3-8b, tokens: 1T, cluster: hgx-h100, global_batch: 1024, layout: 'tp=8'}\n"
      "grid: {gpus: [12, 16]}\n");
  PointReader reader(sweep, profiles());
  check_values(sweep, reader);
  CHECK(reader(place_of(sweep, 0)).problem == "tp × pp × cp = 8 does not divide 12 accelerators");
  CHECK_FALSE(reader(place_of(sweep, 0)).meets);
  CHECK(reader(place_of(sweep, 1)).problem.empty());
  CHECK(reader(place_of(sweep, 1)).step_seconds);
}

TEST_CASE("a point is what the estimate of its scenario says") {
  const Sweep sweep = sweep_of(base +
                               "scenarios: {twice: {gpus: 128, price: $2/h}}\n"
                               "constraints: {budget: $60k}\n");
  PointReader reader(sweep, profiles());
  const Point one = reader(place_of(sweep, 0));
  const Point two = reader(place_of(sweep, 1));
  CHECK(one.gpu_hours.p50 == Approx(44872).epsilon(1e-4));
  CHECK(one.cost_usd->p50 == Approx(44872).epsilon(1e-4));
  CHECK(two.cost_usd->p50 == Approx(2 * one.cost_usd->p50));
  CHECK(two.wall_time_seconds.p50 == Approx(one.wall_time_seconds.p50 / 2));
  CHECK(one.meets);
  CHECK_FALSE(two.meets);
}

TEST_CASE("a limit is held against the quantile that is asked for") {
  // GPU-hours from 44,872 to 89,744, with their geometric mean, 63,458, in the middle: dollars as well.
  const std::string wide =
      "base: {params: 14B, tokens: 300B, gpu: a100-sxm-80gb, gpus: 64, efficiency: 25%..50%, price: $1/h}\n";
  const auto meets = [&](const std::string& constraints) {
    const Sweep sweep = sweep_of(wide + "grid: {gpus: 64}\nconstraints: {" + constraints + "}");
    PointReader reader(sweep, profiles());
    return reader(place_of(sweep, 0)).meets;
  };
  CHECK(meets("budget: $45k, quantile: p10"));
  CHECK_FALSE(meets("budget: $44k, quantile: p10"));
  CHECK(meets("budget: $64k"));
  CHECK_FALSE(meets("budget: $63k"));
  CHECK(meets("budget: $90k, quantile: p90"));
  CHECK_FALSE(meets("budget: $89k, quantile: p90"));
  CHECK(meets("deadline: 42 days, quantile: p50"));  // 41.3 days
  CHECK_FALSE(meets("deadline: 42 days, quantile: p90"));
  CHECK(error_of(wide + "grid: {gpus: 64}\nconstraints: {quantile: p95}").find("p95") != std::string::npos);
}

TEST_CASE("memory fits at the quantile that is asked for") {
  // 80.4 GB of the 84.9 that an H100 offers, and 100 GB at P90: the fit of memory is off by 17 %, and
  // 80.4 × exp(1.2816 × 0.17) = 100.
  const auto evaluate = [](const std::string& constraints) {
    const Sweep sweep = sweep_of(
        "base: {model: llama-3-8b, tokens: 1T, cluster: hgx-h100, global_batch: 256, price: $2/h}\n"
        "grid: {gpus: 64, layout: 'tp=1,zero=1'}\n" +
        (constraints.empty() ? "" : "constraints: {" + constraints + "}"));
    PointReader reader(sweep, profiles());
    return reader(place_of(sweep, 0));
  };
  const Point median = evaluate("fits: true");
  REQUIRE(median.memory_bytes);
  CHECK(median.memory_bytes->p50 == Approx(80.4e9).epsilon(0.005));
  CHECK(median.memory_bytes->p90 == Approx(100e9).epsilon(0.005));
  CHECK(median.meets);
  CHECK(evaluate("fits: true, quantile: p10").meets);
  const Point sure = evaluate("fits: true, quantile: p90");
  CHECK(sure.fits == false);
  CHECK_FALSE(sure.meets);
  // The quantile of a deadline, and nothing asked of the memory.
  const Point timely = evaluate("deadline: 3 years, quantile: p90");
  CHECK(timely.fits == true);
  CHECK(timely.meets);
}

TEST_CASE("nobody on the front is beaten, and everybody off it is") {
  const Sweep sweep = sweep_of(base + "grid: {gpus: 1..7+1}");
  const std::vector<Point> points = {point(10, 5), point(8, 6),  point(9, 6), point(8, 6),
                                     point(1, 9),  point(1, 10), point(20, 5)};
  const Analysis analysis = analyze(sweep, points);
  CHECK(analysis.on_front == std::vector<bool>{true, true, false, true, true, false, false});
  CHECK(analysis.cheapest == 4);
  CHECK(analysis.fastest == 0);
}

TEST_CASE("the input that moves the cost most comes first") {
  const Sweep sweep = sweep_of(base + "grid: {gpus: [1, 2], tokens: [1T, 2T]}");
  const std::vector<Point> points = {point(1, 1), point(2, 1), point(1.1, 1), point(2.2, 1)};
  const Analysis analysis = analyze(sweep, points);
  REQUIRE(analysis.swings.size() == 2);
  CHECK(analysis.swings[0].path == "tokens");
  CHECK(analysis.swings[0].factor == Approx(2.0));
  CHECK(analysis.swings[0].cheapest == "1T");
  CHECK(analysis.swings[0].dearest == "2T");
  CHECK(analysis.swings[1].factor == Approx(1.1));
}

TEST_CASE("what a scenario sets, the grid does not set for all") {
  for (const std::string set : {"gpus: 512", "price: {amount: $2/h}", "price.provider: aws"}) {
    const std::string axis = set.starts_with("gpus") ? "gpus: [8, 16]" : "price.provider: [aws, gcp]";
    const io::InputError error =
        input_error_of([&] { sweep_of(base + "scenarios: {big: {" + set + "}}\ngrid: {" + axis + "}"); });
    CAPTURE(set);
    CHECK_THAT(error.what(), ContainsSubstring("and the grid sets it for every scenario"));
    CHECK(error.location.line > 0);
  }
  CHECK_NOTHROW(sweep_of(base + "scenarios: {big: {tokens: 1T}}\ngrid: {gpus: [8, 16]}"));
}

TEST_CASE("points are the same on any number of threads") {
  const Sweep sweep = sweep_of(base + "grid: {gpus: 8..80+8, tokens: [1T, 2T, 3T]}");
  PointReader reader(sweep, profiles());
  const std::vector<Point> one = all_points(sweep, profiles(), 1);
  REQUIRE(one.size() == 30);
  for (const int threads : {2, 3, 64}) {
    const std::vector<Point> points = all_points(sweep, profiles(), threads);
    CHECK(csv_rows(sweep, points) == csv_rows(sweep, reader, 0, 30));
  }
}

TEST_CASE("where scenarios are priced over different offers, each says which") {
  const std::string market =
      "base: {params: 14B, tokens: 300B, gpu: h100-sxm-80gb, gpus: 64, efficiency: 50%}\n";
  const auto findings = [](const std::string& yaml) {
    const Sweep sweep = sweep_of(yaml);
    PointReader reader(sweep, profiles());
    return price_findings(sweep, reader);
  };
  const std::vector<std::string> told =
      findings(market + "scenarios: {reserved: {price: {pricing: reserved_1y}}, more: {gpus: 128}}");
  REQUIRE(told.size() == 2);
  CHECK_THAT(told[0], ContainsSubstring("Price of base: ") && ContainsSubstring("providers") &&
                          ContainsSubstring("on_demand"));
  CHECK_THAT(told[1], ContainsSubstring("Price of reserved: the only one in the list") &&
                          ContainsSubstring("reserved_1y"));
  CHECK(findings(market + "scenarios: {more: {gpus: 128}}").empty());
  CHECK(findings(base + "scenarios: {dear: {price: $9/h}}").empty());
}
