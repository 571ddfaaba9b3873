// trainbudget-mpi: what several processes find together is what one finds, and a killed one loses nothing.
#include "catch.h"
#include "support/process.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace trainbudget::testing;

namespace {

Command ranks(int count, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), TRAINBUDGET_MPI_PROGRAM);
  return ranks_command(MPIEXEC, count, std::move(arguments));
}

std::string alone(std::vector<std::string> arguments) {
  Command command;
  command.arguments = {TRAINBUDGET_PROGRAM};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  const Outcome outcome = run(command);
  CHECK(outcome.exit_code == 0);
  return outcome.out;
}

/// 16,000 points in 32 chunks.
const std::string grid =
    "base: {model: rwkv-7-1.5b, gpu: h100-sxm-80gb, efficiency: 40%, price: $2/h}\n"
    "grid: {gpus: 8..1024*2, tokens: 10B..20T+10B}\n";

/// The processes that `parent` has started.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  const std::string task = "/proc/" + std::to_string(parent) + "/task";
  for (const auto& thread : std::filesystem::directory_iterator(task)) {
    std::ifstream list(thread.path() / "children");
    for (pid_t child = 0; list >> child;)
      children.push_back(child);
  }
  return children;
}

/// Rows by the index, read as a stranger to the program would.
std::string indexed_rows(const std::string& folder) {
  std::istringstream index(read_file(folder + "/index.csv"));
  std::string line;
  std::getline(index, line);
  CHECK(line == "first_row,rows,file,offset,bytes");
  std::string rows;
  while (std::getline(index, line)) {
    std::istringstream fields(line);
    std::string first, count, file, offset, bytes;
    std::getline(fields, first, ',');
    std::getline(fields, count, ',');
    std::getline(fields, file, ',');
    std::getline(fields, offset, ',');
    std::getline(fields, bytes, ',');
    rows += read_file(folder + "/" + file).substr(std::stoul(offset), std::stoul(bytes));
  }
  return rows;
}

}  // namespace

TEST_CASE("a sweep of 1, 2, 3 and 4 ranks is to the byte that of one process") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string whole = alone({"whatif", file, "--format", "csv", "--threads", "1"});
  for (const int count : {1, 2, 3, 4}) {
    const std::string out = folder.path() + "/" + std::to_string(count);
    const Outcome one_file = run(ranks(count, {"whatif", file, "--out", out + ".csv"}));
    INFO(one_file.err);
    REQUIRE(one_file.exit_code == 0);
    CHECK(read_file(out + ".csv") == whole);
    CHECK_FALSE(std::filesystem::exists(out + ".csv.parts"));
    REQUIRE(run(ranks(count, {"whatif", file, "--out", out + "/"})).exit_code == 0);
    for (int rank = 0; rank < count; ++rank)
      CHECK(std::filesystem::exists(out + "/rank-" + std::to_string(rank) + ".csv"));
    CHECK(whole.substr(whole.find('\n') + 1) == indexed_rows(out));
  }
}

TEST_CASE("a search by 1, 2, 3 and 4 ranks finds what one process finds") {
  const std::vector<std::string> search = {
      "search",         "--model",  "gpt-3-175b", "--hardware", "hgx-a100-80gb,h100-sxm-80gb",
      "--global-batch", "1536",     "--gpus",     "256..512*2", "--objective",
      "cost",           "--format", "json"};
  const std::string whole = alone(search);
  CHECK_THAT(whole, ContainsSubstring("\"rank\": 10"));
  for (const int count : {1, 2, 3, 4}) {
    const Outcome outcome = run(ranks(count, search));
    INFO(outcome.err);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out == whole);
  }
  // Nothing fits: the nearest is the same, too.
  const std::vector<std::string> none = {"search", "--model", "llama-3.1-405b", "--cluster", "hgx-h100",
                                         "--gpus", "8",       "--global-batch", "8",         "--format",
                                         "json"};
  Command one;
  one.arguments = none;
  one.arguments.insert(one.arguments.begin(), TRAINBUDGET_PROGRAM);
  const Outcome outcome = run(ranks(3, none));
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out == run(one).out);
}

TEST_CASE("a rank that is killed loses nothing that was written, and others go on") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string whole = alone({"whatif", file, "--format", "csv"});
  const std::string out = folder.path() + "/out.csv";
  const auto chunks_done = [&] {
    std::size_t lines = 0;
    for (const auto& entry : std::filesystem::directory_iterator(out + ".parts")) {
      if (entry.path().extension() != ".chunks") continue;
      const std::string text = read_file(entry.path());
      lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
    return lines;
  };
  Command command = ranks(3, {"whatif", file, "--out", out});
  // As soon as something is written, one of them dies.
  command.when_started = [&](pid_t mpirun) {
    // Ranks take seconds to start where MPI cannot see the machine's topology.
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      if (!std::filesystem::exists(out + ".parts") || chunks_done() == 0) continue;
      const std::vector<pid_t> children = children_of(mpirun);
      if (!children.empty()) ::kill(children.back(), SIGKILL);
      return;
    }
  };
  const Outcome killed = run(command);
  INFO(killed.err);
  REQUIRE(killed.exit_code != 0);
  const std::size_t before = chunks_done();
  CHECK(before > 0);
  CHECK(before < 32);
  // Without --resume it is refused, once for all ranks.
  const Outcome refused = run(ranks(2, {"whatif", file, "--out", out}));
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.err, ContainsSubstring("has results already"));
  const Outcome resumed = run(ranks(2, {"whatif", file, "--out", out, "--resume"}));
  INFO(resumed.err);
  CHECK(resumed.exit_code == 0);
  CHECK_THAT(resumed.err, ContainsSubstring("of 32 chunks were done before"));
  CHECK(read_file(out) == whole);
}

TEST_CASE("the batch script for Slurm sweeps, and goes on with what is there") {
  const TemporaryFolder folder;
  const std::string file = folder.write("grid.yaml", grid);
  const std::string whole = alone({"whatif", file, "--format", "csv"});
  Command script = ranks(1, {});
  const std::string programs = std::filesystem::path(TRAINBUDGET_MPI_PROGRAM).parent_path();
  script.arguments = {"/bin/sh", TRAINBUDGET_SOURCE_DIR "/docs/slurm.sh", file, folder.path() + "/results/"};
  script.environment["PATH"] = programs + ":" + script.environment["PATH"];
  script.environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1";
  for (int times = 0; times < 2; ++times) {
    const Outcome outcome = run(script);
    INFO(outcome.err);
    CHECK(outcome.exit_code == 0);
    CHECK(whole.substr(whole.find('\n') + 1) == indexed_rows(folder.path() + "/results"));
  }
}

TEST_CASE("what is wrong is told once, whatever the number of ranks") {
  const Outcome outcome = run(ranks(3, {"search", "--model", "llama-3-8b", "--gpus", "8"}));
  CHECK(outcome.exit_code == 2);
  const std::string text = "--global-batch is missing";
  const std::size_t first = outcome.err.find(text);
  REQUIRE(first != std::string::npos);
  CHECK(outcome.err.find(text, first + 1) == std::string::npos);
}
