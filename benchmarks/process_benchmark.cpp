// From start to report: the whole program as a process, loading, reading, computing and printing.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Runs trainbudget with its output thrown away; true when it succeeded.
bool run_trainbudget(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), TRAINBUDGET_PROGRAM);
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = posix_spawn(&child, pointers.front(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  return failed == 0 && waitpid(child, &status, 0) == child && status == 0;
}

void process(benchmark::State& state, const std::vector<std::string>& arguments) {
  for ([[maybe_unused]] const auto step : state) {
    if (!run_trainbudget(arguments)) {
      state.SkipWithError("trainbudget failed");
      break;
    }
  }
}

const std::string scenario = TRAINBUDGET_SOURCE_DIR "/scenarios/rwkv-4-14b.yaml";
const std::vector<std::string> without_a_price = {"estimate", "--params",      "14B",    "--tokens", "300B",
                                                  "--gpu",    "a100-sxm-80gb", "--gpus", "64"};

BENCHMARK_CAPTURE(process, version, {"--version"})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(process, estimate, {"estimate", scenario})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(process, estimate_explain_json, {"estimate", scenario, "--explain", "--format", "json"})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(process, estimate_with_price_list, without_a_price)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
const std::vector<std::string> plan_family = {"plan", "--budget", "$100k", "--family", "rwkv-7"};

BENCHMARK_CAPTURE(process, plan_all_hardware, plan_family)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(process, plan_h100,
                  {"plan", "--budget", "$100k", "--hardware", "h100-sxm-80gb", "--family", "rwkv-7"})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(process, plan_deadline,
                  {"plan", "--model", "rwkv-7-7.2b", "--tokens", "3T", "--deadline", "30 days"})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(process, hardware_list, {"hardware", "list"})->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
