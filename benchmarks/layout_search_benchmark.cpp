// Searches over layouts. `plain` evaluates every layout (time by part and memory of the fullest stage);
// `bounds` finds the same and passes over what cannot be among the best. Items are layouts of the space.
#include "core/layout_search.h"
#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/model_file.h"
#include "io/profile_folder.h"

#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

namespace trainbudget {
namespace {

struct Problem {
  std::string model;
  double gpus;
  double global_batch;
  bool smaller_batches = false;
};

void search(benchmark::State& state, const Problem& problem, Pruning pruning) {
  const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  const Recipe recipe;
  const ModelOps ops = apply(recipe, expand(io::find_model(profiles, problem.model, {}).model));
  const Workload workload = gather(ops, {.length = 2048}, recipe, false);
  const Cluster cluster = io::find_cluster(profiles, "hgx-a100-80gb", {});
  const Accelerator accelerator = io::find_accelerator(profiles, "a100-sxm-80gb", {});
  const Machine machine = machine_of(accelerator, cluster, Precision::bf16).value();
  const Efficiency efficiency = typical_efficiency();
  const SearchSpace space{.accelerators = problem.gpus,
                          .global_batch = problem.global_batch,
                          .smaller_batches = problem.smaller_batches};
  const SearchOptions options{.kept = 10, .threads = static_cast<int>(state.range(0)), .pruning = pruning};
  LayoutSearch found;
  for ([[maybe_unused]] const auto step : state)
    found = search_layouts(workload, machine, space, efficiency, options);
  if (found.best.empty()) throw std::runtime_error("nothing fits");
  state.counters["layouts"] = static_cast<double>(found.layouts);
  state.counters["evaluated"] = static_cast<double>(found.evaluated);
  state.SetItemsProcessed(state.iterations() * found.layouts);
}

const Problem gpt_3{"gpt-3-175b", 4096, 1536};
const Problem mt_nlg{"mt-nlg-530b", 5040, 2520};
// The search of Calculon's README: 5,128 = 8 × 641 accelerators do not share 2,520 sequences, so that
// replicas train the largest batch below it that they do, as they do there.
const Problem mt_nlg_5128{"mt-nlg-530b", 5128, 2520, true};

BENCHMARK_CAPTURE(search, gpt_3_175b_on_4096_plain, gpt_3, Pruning::none)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, gpt_3_175b_on_4096_bounds, gpt_3, Pruning::bounds)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, mt_nlg_530b_on_5128_plain, mt_nlg_5128, Pruning::none)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, mt_nlg_530b_on_5128_bounds, mt_nlg_5128, Pruning::bounds)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, mt_nlg_530b_on_5040_bounds, mt_nlg, Pruning::bounds)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trainbudget
