// Long sweeps: chunks in their order, files that survive interruption, and what tells one sweep from another.
#include "catch.h"
#include "input_error_of.h"
#include "support/process.h"
#include "sweep/appended_file.h"
#include "sweep/fingerprint.h"
#include "sweep/ordered_chunks.h"
#include "sweep/resumable_file.h"
#include "sweep/shared_table.h"
#include "sweep/sweep_file.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace trainbudget;
using namespace trainbudget::sweep;

namespace {

void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
}

Sweep sweep_of(const std::string& yaml) {
  return read_sweep(io::parse_yaml(yaml, "whatif.yaml"));
}

const std::string base =
    "base: {params: 14B, tokens: 300B, gpu: a100-sxm-80gb, gpus: 64, efficiency: 50%, price: $1/h}\n";

}  // namespace

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
