// A million scenarios from YAML to CSV, as whole processes: on threads, and on MPI ranks. Items are
// scenarios. Efficiency on two is half the time on one, divided by the time on two.
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

constexpr double scenarios = 1e6;
const std::string grid = TRAINBUDGET_SOURCE_DIR "/benchmarks/million-scenarios.yaml";

/// Runs a program; its peak memory in bytes, 0 where it failed.
double peak_memory_of(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawn(&child, pointers.front(), nullptr, nullptr, pointers.data(), environ) != 0) return 0.0;
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child || status != 0) return 0.0;
  constexpr double kibibyte = 1024.0;
  return static_cast<double>(usage.ru_maxrss) * kibibyte;
}

/// `command` with the grid, where it goes, and `options`.
void sweep(benchmark::State& state, std::vector<std::string> command,
           const std::vector<std::string>& options = {}) {
  const fs::path out = fs::temp_directory_path() / ("trainbudget-" + std::to_string(getpid()) + ".csv");
  command.insert(command.end(), {"whatif", grid, "--out", out.string()});
  command.insert(command.end(), options.begin(), options.end());
  double memory = 0.0;
  for ([[maybe_unused]] const auto step : state) {
    memory = peak_memory_of(command);
    if (memory == 0.0) {
      state.SkipWithError("trainbudget failed");
      break;
    }
  }
  fs::remove(out);
  state.counters["peak_bytes"] = memory;
  state.SetItemsProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) * scenarios));
}

void sweep_on_threads(benchmark::State& state) {
  sweep(state, {TRAINBUDGET_PROGRAM}, {"--threads", std::to_string(state.range(0))});
}
BENCHMARK(sweep_on_threads)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

#ifdef TRAINBUDGET_MPI_PROGRAM
void sweep_on_ranks(benchmark::State& state) {
  setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  sweep(state, {TRAINBUDGET_MPIEXEC, "-n", std::to_string(state.range(0)), TRAINBUDGET_MPI_PROGRAM});
}
BENCHMARK(sweep_on_ranks)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
#endif

}  // namespace
