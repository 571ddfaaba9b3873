// Sweeps: axes, places, what files may say, what the numbers come to, and files that survive interruption.
#include "sweep/sweep.h"

#include "catch.h"
#include "input_error_of.h"
#include "support/process.h"
#include "sweep/analysis.h"
#include "sweep/appended_file.h"
#include "sweep/axis.h"
#include "sweep/fingerprint.h"
#include "sweep/ordered_chunks.h"
#include "sweep/resumable_file.h"
#include "sweep/shared_table.h"
#include "sweep/sweep_csv.h"
#include "sweep/sweep_file.h"
#include "sweep/sweep_report.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>

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

void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
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

TEST_CASE("chunks come in order, whatever thread makes them") {
  for (const int threads : {1, 2, 5}) {
    std::string all;
    std::atomic<int> makers{0};
    OrderedChunks(3, 40).run(
        threads,
        [&] {
          ++makers;
          return [](std::uint64_t chunk) { return std::to_string(chunk) + " "; };
        },
        [&](const std::string& text) {
          all += text;
          return true;
        });
    std::string wanted;
    for (int i = 3; i < 40; ++i)
      wanted += std::to_string(i) + " ";
    CHECK(all == wanted);
    CHECK(makers == threads);
  }
}

TEST_CASE("chunks end when nobody takes them, and with the first error in their order") {
  int taken = 0;
  OrderedChunks(0, 1000000000)
      .run(
          3, [] { return [](std::uint64_t) { return std::string("x"); }; },
          [&](const std::string&) { return ++taken < 10; });
  CHECK(taken == 10);
  std::string all;
  CHECK_THROWS_AS(OrderedChunks(0, 100).run(
                      3,
                      [] {
                        return [](std::uint64_t chunk) -> std::string {
                          if (chunk >= 5) throw std::runtime_error("five");
                          return std::to_string(chunk);
                        };
                      },
                      [&](const std::string& text) {
                        all += text;
                        return true;
                      }),
                  std::runtime_error);
  CHECK(all == "01234");
}

TEST_CASE("a file that was cut short anywhere goes on after its last whole chunk") {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/rows.csv";
  const ResumableFile::Identity identity{"mine", 2};
  const std::string whole = "head\na\nb\nc\nd\ne\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    {
      ResumableFile file(path, "head\n", identity, false);
      file.append("a\nb\n");
    }
    std::filesystem::resize_file(path + ".part", 0);
    append(path + ".part", whole.substr(0, cut));
    ResumableFile file(path, "head\n", identity, true);
    const std::size_t lines = cut < 5 ? 0 : (cut - 5) / 2;
    CHECK(file.chunks() == lines / 2);
    const std::string rows[] = {"a\nb\n", "c\nd\n", "e\n"};
    for (std::uint64_t chunk = file.chunks(); chunk < 3; ++chunk)
      file.append(rows[chunk]);
    file.finish();
    CHECK(testing::read_file(path) == whole);
    CHECK_FALSE(std::filesystem::exists(path + ".part"));
    CHECK_FALSE(std::filesystem::exists(path + ".part.of"));
  }
}

TEST_CASE("what an interrupted run left is neither overwritten nor mixed with another sweep's") {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/rows.csv";
  { const ResumableFile file(path, "head\n", {"mine", 2}, false); }
  const auto open = [&](const std::string& identity, const std::string& header, bool resume) {
    return std::string(input_error_of([&] { ResumableFile(path, header, {identity, 2}, resume); }).what());
  };
  CHECK(open("mine", "head\n", false) == "is what an interrupted run left");
  CHECK(open("yours", "head\n", true) == "was left by another sweep, or by another version of this program");
  std::filesystem::resize_file(path + ".part", 0);
  append(path + ".part", "HEAD\n1\n2\n");
  CHECK(open("mine", "head\n", true) == "does not begin as this sweep does");
}

TEST_CASE("a full disk is told, and that what is written stays") {
  AppendedFile full("/dev/full", 0);
  const io::InputError error = input_error_of([&] { full.append("a row\n"); });
  CHECK_THAT(error.what(), ContainsSubstring("No space left on device"));
  CHECK_THAT(error.hint, ContainsSubstring("--resume"));
}

TEST_CASE("files of several processes cut short anywhere are gone on with by any number of others") {
  const std::vector<std::string> chunks = {"a\nb\n", "c\nd\n", "e\nf\n", "g\n"};
  const std::string whole = "head\na\nb\nc\nd\ne\nf\ng\n";
  for (std::uintmax_t cut = 0; cut <= 13; ++cut) {
    for (const std::string file : {"rank-0.csv", "rank-0.chunks"}) {
      const testing::TemporaryFolder folder;
      const std::string table = folder.path() + "/table";
      open_shared_table(table, "mine", false);
      {
        RankFile zero(table, 0, "head\n");
        RankFile one(table, 1, "head\n");
        zero.append(2, chunks[2]);
        one.append(1, chunks[1]);
        zero.append(0, chunks[0]);
      }
      const std::uintmax_t size = std::filesystem::file_size(table + "/" + file);
      std::filesystem::resize_file(table + "/" + file, std::min(cut, size));
      open_shared_table(table, "mine", true);
      ChunkPlaces done = finished_chunks(table);
      CHECK(done.contains(1));
      CHECK(done.contains(2) == (file == "rank-0.csv" ? cut >= 9 : cut >= 6));
      CHECK(done.contains(0) == (file == "rank-0.csv" ? cut >= 13 : cut >= 12));
      {
        RankFile zero(table, 0, "head\n");
        RankFile two(table, 2, "head\n");
        for (std::uint64_t chunk = 0; chunk < chunks.size(); ++chunk) {
          if (!done.contains(chunk)) (chunk % 2 == 0 ? zero : two).append(chunk, chunks[chunk]);
        }
      }
      done = finished_chunks(table);
      REQUIRE(done.size() == chunks.size());
      write_index(table, done, 2, 7);
      CHECK_THAT(testing::read_file(table + "/index.csv"), ContainsSubstring("\n6,1,rank-"));
      gather_table(table, done, "head\n", folder.path() + "/whole.csv");
      CHECK(testing::read_file(folder.path() + "/whole.csv") == whole);
      CHECK_FALSE(std::filesystem::exists(table));
    }
  }
}

TEST_CASE("a shared table is neither overwritten nor mixed with another sweep's or with other files") {
  const testing::TemporaryFolder folder;
  const auto open = [&](const std::string& table, const std::string& identity, bool resume) {
    return std::string(input_error_of([&] { open_shared_table(table, identity, resume); }).what());
  };
  open_shared_table(folder.path() + "/table", "mine", false);
  CHECK(open(folder.path() + "/table", "mine", false) == "has results already");
  CHECK(open(folder.path() + "/table", "yours", true) ==
        "has results of another sweep, or of another version of this program");
  folder.write("other/file", "text");
  CHECK(open(folder.path() + "/other", "mine", true) == "is a folder of something else");
}

TEST_CASE("a fingerprint changes with everything that the rows depend on") {
  const std::string one = fingerprint(sweep_of(base + "grid: {gpus: [8, 16]}"), "1");
  CHECK(one.size() == 64);
  CHECK(one == fingerprint(sweep_of(base + "grid: {gpus: [8, 16]}"), "1"));
  CHECK(one != fingerprint(sweep_of(base + "grid: {gpus: [8, 16]}"), "2"));
  CHECK(one != fingerprint(sweep_of(base + "grid: {gpus: [8, 17]}"), "1"));
  CHECK(one != fingerprint(sweep_of(base + "grid: {tokens: [8, 16]}"), "1"));
  CHECK(one != fingerprint(sweep_of(base + "grid: {gpus: [8, 16]}\nconstraints: {budget: $1}"), "1"));
  CHECK(one != fingerprint(sweep_of(base + "scenarios: {a: {tokens: 1T}}\ngrid: {gpus: [8, 16]}"), "1"));
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
