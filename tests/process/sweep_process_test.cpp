// Sweeps as processes: killed and resumed, on several threads, streamed, watched on a terminal.
#include "program.h"

#include <csignal>
#include <filesystem>
#include <thread>

using namespace trainbudget::testing;

namespace {

/// 16,000 points: enough to be killed in the middle.
const std::string grid =
    "base: {model: rwkv-7-1.5b, gpu: h100-sxm-80gb, efficiency: 40%, price: $2/h}\n"
    "grid: {gpus: 8..1024*2, tokens: 10B..20T+10B}\n";

std::string finished_grid(const TemporaryFolder& folder, const std::string& file) {
  const std::string whole = folder.path() + "/whole.csv";
  const Outcome outcome = run(program({"whatif", file, "--out", whole, "--threads", "1"}));
  CHECK(outcome.exit_code == 0);
  return read_file(whole);
}

}  // namespace

TEST_CASE("a sweep that is killed at any moment goes on and ends as if nothing had happened") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string whole = finished_grid(folder, file);
  const std::string out = folder.path() + "/out.csv";
  Command command = program({"whatif", file, "--out", out, "--threads", "2", "--resume"});
  command.address_space_bytes = 0;
  int kills = 0;
  for (int milliseconds = 5; !std::filesystem::exists(out); milliseconds += 7) {
    REQUIRE(kills < 500);
    const int signal = kills % 2 == 0 ? SIGKILL : SIGINT;
    command.when_started = [&](pid_t child) {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      ::kill(child, signal);
    };
    const Outcome outcome = run(command);
    const bool ended = outcome.exit_code == 0 || outcome.exit_code == 130 || outcome.exit_code == 137;
    CHECK(ended);
    // One that has written its file was killed while it left.
    if (outcome.exit_code == 130 && !outcome.err.empty() && !std::filesystem::exists(out))
      CHECK_THAT(outcome.err, ContainsSubstring("--resume"));
    ++kills;
  }
  CHECK(kills > 1);
  CHECK(read_file(out) == whole);
  CHECK_FALSE(std::filesystem::exists(out + ".part"));
}

TEST_CASE("a sweep is the same to the byte on any number of threads, and as a stream") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string whole = finished_grid(folder, file);
  for (const char* threads : {"2", "3", "16"}) {
    Command command = program({"whatif", file, "--format", "csv", "--threads", threads});
    command.address_space_bytes = 0;  // every thread reserves some
    const Outcome outcome = run(command);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out == whole);
  }
}

TEST_CASE("a stream whose reader has gone ends without a word, one on a full disk says so") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  Command gone = program({"whatif", file, "--format", "csv"});
  gone.reader_gone = true;
  const Outcome left = run(gone);
  CHECK(left.exit_code == 0);
  CHECK(left.err.empty());
  Command full = program({"whatif", file, "--format", "csv"});
  full.output_file = "/dev/full";
  const Outcome outcome = run(full);
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("No space left on device"));
}

TEST_CASE("a terminal is told how far a sweep is, how fast, and how long it will take, nothing else is") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string sweep = "whatif " + file + " --threads 2 --out " + folder.path();
  // script (bsdutils) gives it a terminal.
  Command on_terminal;
  on_terminal.arguments = {"/usr/bin/script", "-qec",
                           std::string(TRAINBUDGET_PROGRAM) + " " + sweep + "/a.csv", "/dev/null"};
  const Outcome shown = run(on_terminal);
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.out, ContainsSubstring(" of 16,000 scenarios, ") && ContainsSubstring("/s, ") &&
                            ContainsSubstring(" left"));
  CHECK(shown.out.ends_with("\r\033[K"));  // and leaves the line as it was
  Command elsewhere = program({"whatif", file, "--threads", "2", "--out", folder.path() + "/b.csv"});
  elsewhere.address_space_bytes = 0;
  CHECK(run(elsewhere).err.empty());
}

TEST_CASE("a trillion scenarios are counted, timed and not begun") {
  const TemporaryFolder folder;
  const std::string file =
      folder.write("grid.yaml",
                   "base: {params: 1B, gpu: h100-sxm-80gb, price: $1/h}\n"
                   "grid: {gpus: 1..10000+1, tokens: 1B..10T+1B, efficiency: 0.01%..1%+0.0001%}\n");
  const Outcome outcome = run(program({"whatif", file, "--out", folder.path() + "/out.csv"}));
  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.err, ContainsSubstring("a grid of 990,100,000,000 scenarios, about "));
  CHECK_THAT(outcome.err, ContainsSubstring("--yes begins it"));
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/out.csv.part"));
}

TEST_CASE("a long sweep takes little memory whatever its size") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const Outcome outcome = run(program({"whatif", file, "--out", folder.path() + "/out.csv"}));
  CHECK(outcome.exit_code == 0);
  if (memory_is_limited) CHECK(outcome.peak_memory_bytes < 64 * megabyte);
}
