#include "io/reliability_file.h"

#include "io/map_reader.h"
#include "io/quantity_text.h"
#include "io/scenario_price.h"
#include "io/sourced_reader.h"

#include <utility>

namespace trainbudget::io {
namespace {

constexpr double most_hours = 1e14;
constexpr double most_seconds = 1e10;
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

SpotNotice read_notice(const YamlNode& node, const SourcedReader& sources) {
  MapReader map(node, "spot notice");
  SpotNotice notice;
  if (const YamlNode* providers = map.find("providers")) notice.providers = read_strings(*providers);
  notice.seconds = {read_quantity_value(map.require("notice"), QuantityKind::seconds),
                    sources.named(map.require("from"))};
  map.finish();
  return notice;
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

/// The keys of a scenario's `reliability`, over what `r` already has.
void read_given(const YamlNode& node, bool computed_size, Reliability& r,
                std::vector<std::string>& assumptions) {
  MapReader map(node, "reliability");
  std::string assumed;
  const auto find = [&](const char* key) {
    const YamlNode* found = map.find(key);
    if (found == nullptr) assumed += (assumed.empty() ? "" : ", ") + std::string(key);
    return found;
  };
  const auto read = [&](const char* key, QuantityKind kind, Sourced<Range>& range, double most,
                        double least = 0.0) {
    if (const YamlNode* found = find(key)) range = read_range(*found, kind, least, most);
  };
  read("gpu_hours_per_interruption", QuantityKind::count, r.gpu_hours_per_interruption, most_hours);
  if (const YamlNode* size = computed_size ? map.find("checkpoint_size") : find("checkpoint_size"))
    r.checkpoint_bytes = read_one(*size, QuantityKind::bytes, 1e18);
  read("checkpoint_bandwidth", QuantityKind::bytes_per_second, r.checkpoint_bandwidth, 1e18);
  if (const YamlNode* interval = map.find("checkpoint_interval"))
    r.interval = read_one(*interval, QuantityKind::seconds, most_seconds);
  read("restart", QuantityKind::seconds, r.restart_seconds, most_seconds);
  read("stalls", QuantityKind::fraction, r.stalls, most_stalls);
  if (const YamlNode* spare = map.find("spare_gpus")) {
    r.spare_gpus = read_one(*spare, QuantityKind::count, most_gpus);
    require_within(*spare, QuantityKind::count, r.spare_gpus->value, 1.0, most_gpus);
  }
  read("residual", QuantityKind::fraction, r.residual, 1.0, least_fraction);
  map.finish();
  if (!assumed.empty())
    assumptions.push_back("reliability: " + assumed + " as in hardware_profiles/reliability.yaml");
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
  for (const YamlNode& item : map.require("spot_notice").items)
    defaults.notices.push_back(read_notice(item, sources));
  if (defaults.notices.empty() || !defaults.notices.back().providers.empty())
    throw InputError(map.node().location, "the last entry of 'spot_notice' must fit every provider");
  defaults.replacement_seconds =
      read_sourced(map.require("spot_replacement"), QuantityKind::seconds, sources);
  for (const YamlNode& item : map.require("whole_runs").items)
    defaults.runs.push_back(read_observed(item));
  if (defaults.runs.empty()) throw InputError(map.node().location, "'whole_runs' is empty");
  map.finish();
  defaults.residual = {
      residual_of(defaults),
      {.origin = Origin::fitted,
       .source = std::to_string(defaults.runs.size()) +
                 " whole runs over the goodput computed for them (hardware_profiles/reliability.yaml)"}};
  return defaults;
}

std::shared_ptr<const ReliabilityDefaults> reliability_defaults(const ProfileFolder& profiles,
                                                                ScenarioSources& sources) {
  const std::string path = profiles.path("reliability.yaml");
  sources.files.push_back(path);
  return profiles.once<ReliabilityDefaults>("file " + path, [&] { return read_reliability_defaults(path); });
}

void require_progress(const Reliability& reliability, double gpus, const Location& where) {
  if (goodput(reliability, gpus).fraction.p10 > least_fraction) return;
  throw CombinationError(where,
                         "interruptions, checkpoints and restarts leave less than 0.1 % of the time to work",
                         "a restart and the time between checkpoints must be short against the time between "
                         "interruptions of the whole job");
}

void read_reliability(const YamlNode* node, const ProfileFolder& profiles, Scenario& scenario,
                      ScenarioSources& sources) {
  const auto defaults = reliability_defaults(profiles, sources);
  const double gpus = scenario.gpus.value;
  Reliability r = default_reliability(*defaults, scenario.accelerator.name, gpus, saved_parameters(scenario));
  if (scenario.step) {
    r.checkpoint_bytes = {checkpoint_bytes(scenario.step->workload),
                          {.origin = Origin::derived, .source = "weights, master weights and moments"}};
  }
  if (node == nullptr) {
    scenario.assumptions.push_back("failures, checkpoints and stalls: as published, and what " +
                                   std::to_string(defaults->runs.size()) +
                                   " whole runs kept besides (hardware_profiles/reliability.yaml)");
    scenario.reliability = std::move(r);
    return;
  }
  read_given(*node, scenario.step.has_value(), r, scenario.assumptions);
  require_progress(r, gpus, node->location);
  scenario.reliability = std::move(r);
}

Simulation read_simulation(const YamlNode& node, const Scenario& scenario) {
  constexpr long long most_runs = 1'000'000;
  constexpr long long most_seed = 1'000'000'000'000;
  MapReader map(node, "simulation");
  Simulation simulation{.runs = static_cast<int>(read_integer(map.require("runs"), 100, most_runs))};
  if (const YamlNode* seed = map.find("seed"))
    simulation.seed = static_cast<std::uint64_t>(read_integer(*seed, 0, most_seed));
  map.finish();
  if (!scenario.reliability)
    throw CombinationError(node.location,
                           "nothing to simulate: an efficiency that is given covers the whole run",
                           "leave out the efficiency, or give reliability: {}");
  return simulation;
}

}  // namespace trainbudget::io
