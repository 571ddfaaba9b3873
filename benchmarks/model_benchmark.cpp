// From a model file to its operations and their sums.
#include "core/model_summary.h"
#include "io/model_file.h"
#include "io/profile_folder.h"
#include "render/model_report.h"

#include <string>

#include <benchmark/benchmark.h>

namespace trainbudget {
namespace {

const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");

Model model(const std::string& name) {
  return io::find_model(profiles, name, {}).model;
}

/// Wanted: under 20 µs for any profile.
void expand_operations(benchmark::State& state, const std::string& name) {
  const Model described = model(name);
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(expand(described));
}
BENCHMARK_CAPTURE(expand_operations, gpt_3, "gpt-3-175b");
BENCHMARK_CAPTURE(expand_operations, rwkv_7, "rwkv-7-13.3b");
BENCHMARK_CAPTURE(expand_operations, deepseek_v3, "deepseek-v3");
BENCHMARK_CAPTURE(expand_operations, nemotron_3_super, "nemotron-3-super-120b-a12b");
BENCHMARK_CAPTURE(expand_operations, t5, "t5-11b");

/// The same over all profiles, one after the other: the slowest single one is at most this.
void expand_and_sum_every_profile(benchmark::State& state) {
  const std::vector<ModelProfile> all = io::read_all_models(profiles);
  for ([[maybe_unused]] const auto step : state) {
    for (const ModelProfile& profile : all)
      benchmark::DoNotOptimize(summarize(expand(profile.model), {}));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(expand_and_sum_every_profile)->Unit(benchmark::kMicrosecond);

/// Wanted: under 50 ms, from the folder to the table.
void list_all_models(benchmark::State& state) {
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(render::table_text(render::model_list(io::read_all_models(profiles)), {}));
}
BENCHMARK(list_all_models)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace trainbudget
