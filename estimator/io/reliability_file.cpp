#include "io/reliability_file.h"

#include "io/map_reader.h"
#include "io/quantity_text.h"
#include "io/scenario_price.h"
#include "io/sourced_reader.h"

#include <utility>

namespace trainbudget::io {
namespace {

constexpr double most_hours = 1e14;
constexpr double most_gpus = 1e8;
constexpr double most_stalls = 0.9;
/// A run that keeps less of its time than this does not end in practice.
constexpr double least_fraction = 1e-3;

Sourced<Range> read_sourced(const YamlNode& node, QuantityKind kind, const SourcedReader& sources) {
  MapReader map(node, "quantiles");
  Sourced<Range> result{read_quantiles(map, kind), sources.named(map.require("from"))};
  map.finish();
  if (!(result.value.p10 > 0.0)) throw InputError(node.location, "a value above zero is wanted");
  return result;
}

InterruptionRate read_rate(const YamlNode& node, const SourcedReader& sources) {
  MapReader map(node, "interruptions");
  InterruptionRate rate;
  if (const YamlNode* accelerators = map.find("accelerators"))
    rate.accelerators = read_strings(*accelerators);
  rate.gpu_hours = read_sourced(map.require("hours"), QuantityKind::count, sources);
  if (const YamlNode* note = map.find("note")) rate.gpu_hours.provenance.note = read_string(*note);
  map.finish();
  return rate;
}

ObservedRun read_observed(const YamlNode& node) {
  MapReader map(node, "whole run");
  ObservedRun run{.name = read_string(map.require("name")),
                  .accelerator = read_string(map.require("gpu")),
                  .parameters = read_quantity_value(map.require("parameters"), QuantityKind::count),
                  .gpus = read_quantity_value(map.require("gpus"), QuantityKind::count),
                  .ratio = read_quantity_value(map.require("ratio"), QuantityKind::fraction)};
  map.finish();
  if (!(run.parameters > 0.0 && run.gpus > 0.0 && run.ratio > 0.0))
    throw InputError(node.location, "parameters, gpus and ratio above zero are wanted");
  return run;
}

/// A single positive number.
Sourced<double> read_one(const YamlNode& node, QuantityKind kind, double most) {
  const double value = read_quantity_value(node, kind);
  if (!(value > 0.0) || value > most)
    throw InputError(node.location,
                     "a value above 0 that is no slip of the pen is wanted, not '" + node.text + "'");
  return {value, given_by_user(node.location)};
}

}  // namespace

ReliabilityDefaults read_reliability_defaults(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  MapReader map(root, "reliability defaults");
  check_schema(map, "trainbudget/reliability/1");
  SourcedReader sources(map.require("sources"));
  ReliabilityDefaults defaults;
  for (const YamlNode& item : map.require("interruptions").items)
    defaults.interruptions.push_back(read_rate(item, sources));
  if (defaults.interruptions.empty() || !defaults.interruptions.back().accelerators.empty())
    throw InputError(map.node().location, "the last entry of 'interruptions' must fit every accelerator");
  defaults.bandwidth_per_gpu = read_sourced(map.require("checkpoint_bandwidth_per_accelerator"),
                                            QuantityKind::bytes_per_second, sources);
  defaults.checkpoint_bytes_per_parameter =
      sources.read<double>(map.require("checkpoint_bytes_per_parameter"));
  defaults.restart_seconds = read_sourced(map.require("restart"), QuantityKind::seconds, sources);
  defaults.stalls = read_sourced(map.require("stalls"), QuantityKind::fraction, sources);
  for (const YamlNode& item : map.require("whole_runs").items)
    defaults.runs.push_back(read_observed(item));
  if (defaults.runs.empty()) throw InputError(map.node().location, "'whole_runs' is empty");
  map.finish();
  return defaults;
}

void read_reliability(const YamlNode& node, const ProfileFolder& profiles, Scenario& scenario,
                      ScenarioSources& sources) {
  const std::string path = profiles.path("reliability.yaml");
  sources.files.push_back(path);
  const auto defaults =
      profiles.once<ReliabilityDefaults>("file " + path, [&] { return read_reliability_defaults(path); });
  const double gpus = scenario.gpus.value;
  Reliability r = default_reliability(*defaults, scenario.accelerator.name, gpus, scenario.parameters.value);
  r.residual = {
      residual_of(*defaults),
      {.origin = Origin::fitted,
       .source = std::to_string(defaults->runs.size()) +
                 " whole runs over the goodput computed for them (hardware_profiles/reliability.yaml)"}};
  MapReader map(node, "reliability");
  std::string assumed;
  const auto given = [&](const char* key, QuantityKind kind, Sourced<Range>& range) {
    if (const YamlNode* found = map.find(key))
      range = read_range(*found, kind);
    else
      assumed += (assumed.empty() ? "" : ", ") + std::string(key);
    return map.find(key);
  };
  if (const YamlNode* hours =
          given("gpu_hours_per_interruption", QuantityKind::count, r.gpu_hours_per_interruption);
      hours != nullptr && r.gpu_hours_per_interruption.value.p90 > most_hours)
    throw InputError(hours->location, "more than 1e14 GPU-hours between interruptions");
  if (const YamlNode* size = map.find("checkpoint_size"))
    r.checkpoint_bytes = read_one(*size, QuantityKind::bytes, 1e18);
  else
    assumed += (assumed.empty() ? "" : ", ") + std::string("checkpoint_size");
  given("checkpoint_bandwidth", QuantityKind::bytes_per_second, r.checkpoint_bandwidth);
  if (const YamlNode* interval = map.find("checkpoint_interval"))
    r.interval = read_one(*interval, QuantityKind::seconds, 1e10);
  given("restart", QuantityKind::seconds, r.restart_seconds);
  if (const YamlNode* stalls = given("stalls", QuantityKind::fraction, r.stalls);
      stalls != nullptr && r.stalls.value.p90 > most_stalls)
    throw InputError(stalls->location, "stalls of at most 90 % of the time are wanted");
  if (const YamlNode* spare = map.find("spare_gpus"))
    r.spare_gpus = read_one(*spare, QuantityKind::count, most_gpus);
  given("residual", QuantityKind::fraction, r.residual);
  map.finish();

  const Range kept = goodput(r, gpus).fraction;
  if (!(kept.p10 > least_fraction)) {
    throw CombinationError(
        node.location, "interruptions, checkpoints and restarts leave less than 0.1 % of the time to work",
        "a restart and the time between checkpoints must be short against the time between "
        "interruptions of the whole job");
  }
  if (!assumed.empty())
    scenario.assumptions.push_back("reliability: " + assumed + " as in hardware_profiles/reliability.yaml");
  scenario.whole_run_fraction = {product(kept, r.residual.value),
                                 {.origin = Origin::derived, .source = "goodput × residual"}};
  scenario.reliability = std::move(r);
}

}  // namespace trainbudget::io
