// Training logs as they are read: megabytes of log in a second.
#include "core/progress.h"
#include "io/log/log_format.h"

#include <cstdint>
#include <cstdio>
#include <string>

#include <benchmark/benchmark.h>

namespace {

using namespace trainbudget;

constexpr std::size_t log_bytes = std::size_t{64} << 20;

/// Megatron-LM, one report in ten lines as launchers with many ranks leave it.
std::string megatron_log() {
  std::string log;
  char line[512];
  for (int step = 1; log.size() < log_bytes; ++step) {
    for (int rank = 0; rank < 9; ++rank) {
      std::snprintf(
          line, sizeof line,
          "%d: [rank%d]:W1101 08:00:00.000000 torch/distributed/utils.py:%d] a warning that says nothing\n",
          rank, rank, step);
      log += line;
    }
    std::snprintf(
        line, sizeof line,
        "15:  [2026-11-%02d %02d:%02d:%02d] iteration %8d/ 9000000 | consumed samples: %12d | elapsed time "
        "per iteration (ms): %.1f | learning rate: 1.0E-04 | global batch size:   128 | lm loss: 2.9E+00 |\n",
        1 + step / 86400 % 28, step / 3600 % 24, step / 60 % 60, step % 60, step, step * 128, 1000.0);
    log += line;
  }
  return log;
}

std::string step_csv() {
  std::string log = "step,tokens,seconds,loss\n";
  char line[128];
  for (int step = 1; log.size() < log_bytes; ++step) {
    std::snprintf(line, sizeof line, "%d,%lld,%d.5,2.9\n", step, 4194304LL * step, 2 * step);
    log += line;
  }
  return log;
}

void read_log(benchmark::State& state, std::string (*make)()) {
  const std::string text = make();
  std::size_t records = 0;
  for ([[maybe_unused]] const auto step : state) {
    const TrainingLog log = io::parse_training_log(text, "log");
    records = log.records.size();
    benchmark::DoNotOptimize(log);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["records"] = static_cast<double>(records);
}

BENCHMARK_CAPTURE(read_log, megatron, megatron_log)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_log, step_csv, step_csv)->Unit(benchmark::kMillisecond);

}  // namespace
