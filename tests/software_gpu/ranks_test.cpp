// trainbudget-microbench collectives over NCCL, among ranks with a GPU in software each.
#include "catch.h"
#include "support/process.h"

#include <filesystem>

using namespace trainbudget::testing;

namespace {

Outcome ranks(int count, std::vector<std::string> arguments,
              const std::map<std::string, std::string>& environment = {}) {
  arguments.insert(arguments.begin(), {TRAINBUDGET_MICROBENCH, "collectives"});
  Command command = ranks_command(MPIEXEC, count, std::move(arguments));
  command.environment.insert(environment.begin(), environment.end());
  command.timeout = std::chrono::seconds(300);
  return run(command);
}

}  // namespace

TEST_CASE("every collective of NCCL is right between three GPUs, and calibrates nothing") {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/nccl.json";
  const Outcome done = ranks(3, {"--transport", "nccl", "--least", "4KiB", "--most", "16KiB", "--out", file});
  CAPTURE(done.out, done.err);
  REQUIRE(done.exit_code == 0);
  for (const char* collective : {"all_reduce", "reduce_scatter", "all_gather", "all_to_all", "send_receive"})
    CHECK_THAT(done.out, ContainsSubstring(collective));
  CHECK(done.out.find("WRONG") == std::string::npos);
  CHECK_THAT(done.out + done.err + read_file(file), ContainsSubstring("NCCL 2."));

  Command calibrate;
  calibrate.arguments = {TRAINBUDGET_PROGRAM, "calibrate", "--from", file,
                         "--cluster",         "hgx-h100",  "-o",     folder.path() + "/c.yaml"};
  const Outcome refused = run(calibrate);
  CAPTURE(refused.err);
  CHECK(refused.exit_code == 2);
  CHECK_FALSE(std::filesystem::exists(folder.path() + "/c.yaml"));
}

TEST_CASE("what keeps GPUs from being timed is said by one of the ranks") {
  const auto refused = [](const std::string& variable, const std::string& value, const std::string& message) {
    const Outcome outcome = ranks(2, {"--transport", "nccl"}, {{variable, value}});
    CAPTURE(outcome.out, outcome.err);
    CHECK(outcome.exit_code == 2);
    const std::size_t first = outcome.err.find(message);
    CHECK(first != std::string::npos);
    CHECK(outcome.err.find(message, first + 1) == std::string::npos);
  };
  refused("CUDA_LAUNCH_BLOCKING", "1", "CUDA_LAUNCH_BLOCKING is set");
  refused("SOFTWARE_GPU_DRIVER", "12080", "the driver knows CUDA 12.8");
}
