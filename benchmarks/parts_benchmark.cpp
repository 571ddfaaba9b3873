// What the time between start and report is spent on.
#include "core/estimate.h"
#include "io/price_table.h"
#include "io/profile_folder.h"
#include "io/quantity_text.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"
#include "render/estimate_report.h"

#include <string>

#include <benchmark/benchmark.h>

namespace trainbudget {
namespace {

const std::string scenario_path = TRAINBUDGET_SOURCE_DIR "/scenarios/rwkv-4-14b.yaml";
const io::ProfileFolder profiles(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");

Scenario scenario() {
  const io::ProfileFolder fresh(profiles.root());
  return io::read_scenario(io::read_yaml_file(scenario_path), fresh);
}

void parse_quantity(benchmark::State& state) {
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(io::parse_quantity("312.5TFLOPS", io::QuantityKind::flops_per_second, {}));
}
BENCHMARK(parse_quantity);

void read_yaml_file(benchmark::State& state) {
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(io::read_yaml_file(scenario_path));
}
BENCHMARK(read_yaml_file);

void read_scenario_and_its_profiles(benchmark::State& state) {
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(scenario());
}
BENCHMARK(read_scenario_and_its_profiles);

/// What one scenario of a sweep takes, once its profiles are known.
void read_scenario_again(benchmark::State& state) {
  const io::YamlNode document = io::read_yaml_file(scenario_path);
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(io::read_scenario(document, profiles));
}
BENCHMARK(read_scenario_again);

void read_price_list(benchmark::State& state) {
  const std::string path = profiles.path("prices/prices.csv");
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(io::read_price_table(path));
}
BENCHMARK(read_price_list);

void compute_estimate(benchmark::State& state) {
  const Scenario run = scenario();
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(estimate(run));
}
BENCHMARK(compute_estimate);

void render_text(benchmark::State& state) {
  const Estimate result = estimate(scenario());
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(render::estimate_text(result, true, {}));
}
BENCHMARK(render_text);

void render_json(benchmark::State& state) {
  const Estimate result = estimate(scenario());
  for ([[maybe_unused]] const auto step : state)
    benchmark::DoNotOptimize(render::estimate_json(result, {}));
}
BENCHMARK(render_json);

}  // namespace
}  // namespace trainbudget
