// trainbudget-microbench collectives among ranks of mpirun, with MPI as the transport.
#include "catch.h"
#include "support/process.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace trainbudget::testing;

namespace {

Command collectives_command(int count, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {TRAINBUDGET_MICROBENCH, "collectives"});
  Command command = ranks_command(MPIEXEC, count, std::move(arguments));
  command.environment["CUDA_VISIBLE_DEVICES"] = "";
  command.timeout = std::chrono::seconds(300);
  return command;
}

Outcome ranks(int count, std::vector<std::string> arguments) {
  return run(collectives_command(count, std::move(arguments)));
}

std::vector<std::string> words_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istream_iterator<std::string>(file), {}};
}

/// Whether as many children of `parent` as `count` handle SIGTERM themselves.
bool ranks_handle_sigterm(pid_t parent, int count) {
  const std::string id = std::to_string(parent);
  int handling = 0;
  for (const std::string& child : words_of("/proc/" + id + "/task/" + id + "/children")) {
    const std::vector<std::string> status = words_of("/proc/" + child + "/status");
    const auto caught = std::find(status.begin(), status.end(), "SigCgt:");
    if (caught == status.end() || caught + 1 == status.end()) continue;
    handling += static_cast<int>((std::stoull(*(caught + 1), nullptr, 16) >> (SIGTERM - 1)) & 1U);
  }
  return handling == count;
}

}  // namespace

TEST_CASE("every collective over MPI is right, timed, and written to a file that speaks for no GPU") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/m.json";
  const Outcome done =
      ranks(3, {"--transport", "mpi", "--least", "4KiB", "--most", "4KiB", "--out", file, "--format", "csv"});
  INFO(done.err);
  CHECK(done.exit_code == 0);
  for (const char* row : {"all_reduce,3,3,4092,", "reduce_scatter,3,3,4092,", "all_gather,3,3,4092,",
                          "all_to_all,3,3,4092,", "send_receive,3,3,4092,"})
    CHECK_THAT(done.out, ContainsSubstring(row));
  const std::string json = read_file(file);
  CHECK_THAT(json, ContainsSubstring("\"machine\": \"host\"") && ContainsSubstring("\"failures\": []"));
  Command check;
  // Nothing is left beside the sources.
  check.arguments = {"/usr/bin/env", "python3", "-B", COLLECTIVES_CHECK, SOURCE_DIR, file};
  const Outcome checked = run(check);
  INFO(checked.out);
  CHECK((checked.exit_code == 0 || checked.exit_code == 77));
  Command calibrate;
  calibrate.arguments = {TRAINBUDGET_PROGRAM, "calibrate", "--from", file,
                         "--cluster",         "hgx-h100",  "-o",     folder.path() + "/c.yaml"};
  const Outcome refused = run(calibrate);
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.err,
             ContainsSubstring("does not speak for hgx-h100") && ContainsSubstring("host machine"));
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/c.yaml"));
}

TEST_CASE("messages grow by four, and only what is named is measured") {
  const Outcome done = ranks(2, {"--transport", "mpi", "--least", "4KiB", "--most", "64KiB", "--collective",
                                 "send_receive", "--format", "csv"});
  INFO(done.err);
  CHECK(done.exit_code == 0);
  CHECK_THAT(done.out, ContainsSubstring("send_receive,2,2,4096,") &&
                           ContainsSubstring("send_receive,2,2,16384,") &&
                           ContainsSubstring("send_receive,2,2,65536,") && !ContainsSubstring("all_reduce"));
}

TEST_CASE("what cannot be measured together is said once, by one rank, and none waits") {
  const auto refused = [](int count, std::vector<std::string> arguments, const std::string& message) {
    const Outcome outcome = ranks(count, std::move(arguments));
    CHECK(outcome.exit_code == 2);
    const std::size_t first = outcome.err.find(message);
    INFO(outcome.err);
    REQUIRE(first != std::string::npos);
    CHECK(outcome.err.find(message, first + 1) == std::string::npos);
  };
  refused(1, {"--transport", "mpi"}, "there is only one rank");
  refused(2, {"--transport", "mpi", "--collective", "all_redcue"}, "did you mean 'all_reduce'");
  refused(2, {"--transport", "mpi", "--least", "1MiB", "--most", "4KiB"}, "there is no message from");
  const Outcome without = ranks(2, {});
  CHECK(without.exit_code == 2);
  CHECK_THAT(without.err, ContainsSubstring("no CUDA device") || ContainsSubstring("built without NCCL"));
  CHECK_THAT(without.err, !ContainsSubstring("MPI_ABORT"));
}

TEST_CASE("Ctrl-C on mpirun keeps what was measured until then") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/m.json";
  Command command = collectives_command(2, {"--transport", "mpi", "--full", "--out", file});
  command.when_started = [](pid_t mpirun) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (!ranks_handle_sigterm(mpirun, 2) && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::this_thread::sleep_for(std::chrono::seconds(2));  // of the many that --full takes
    kill(mpirun, SIGINT);                                  // which tells its ranks by SIGTERM
  };
  const Outcome outcome = run(command);
  INFO(outcome.err);
  CHECK_FALSE(outcome.timed_out);
  CHECK(outcome.exit_code != 0);
  const std::string json = read_file(file);
  CHECK_THAT(json, ContainsSubstring("\"interrupted\": true") && ContainsSubstring("\"all_reduce\""));
}
