// One complete evaluation of a layout: the step's time by part and the memory of the fullest stage.
#include "core/memory.h"
#include "core/step_time.h"
#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/model_file.h"
#include "io/profile_folder.h"

#include <benchmark/benchmark.h>

namespace trainbudget {
namespace {

const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");

/// Wanted: at most 1 µs. GPT-3 175B on 4,096 A100s in the manner of arXiv 2205.05198, by pipeline depth. To
/// count the instructions of one evaluation:
///   valgrind --tool=callgrind --collect-atstart=no --toggle-collect='trainbudget::step_time*'
///     --toggle-collect='trainbudget::memory_use*' build/release/benchmarks/trainbudget_benchmarks
///     --benchmark_filter=evaluate_layout/8 --benchmark_min_time=0
void evaluate_layout(benchmark::State& state) {
  const Recipe recipe;
  const ModelOps ops = apply(recipe, expand(io::find_model(profiles, "gpt-3-175b", {}).model));
  const Workload workload = gather(ops, {.length = 2048}, recipe, true);
  const Cluster cluster = io::find_cluster(profiles, "hgx-a100-80gb", {});
  const Accelerator accelerator = io::find_accelerator(profiles, "a100-sxm-80gb", {});
  const Machine machine = machine_of(accelerator, cluster, Precision::bf16).value();
  Layout layout{.tensor = 8,
                .pipeline = static_cast<int>(state.range(0)),
                .data = 512 / static_cast<int>(state.range(0)),
                .micro_batch = 1,
                .sharding = Sharding::optimizer,
                .sequence_parallel = true,
                .recompute = Recompute::selective};
  const Efficiency efficiency = typical_efficiency();
  for ([[maybe_unused]] const auto step : state) {
    benchmark::DoNotOptimize(layout);
    benchmark::DoNotOptimize(step_time(workload, machine, layout, 1536, efficiency));
    benchmark::DoNotOptimize(memory_use(workload, layout, 1536, efficiency));
  }
}
BENCHMARK(evaluate_layout)->Arg(1)->Arg(8)->Arg(32);

}  // namespace
}  // namespace trainbudget
