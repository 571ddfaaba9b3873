#include "io/reliability_file.h"

#include "io/map_reader.h"
#include "io/quantity_text.h"
#include "io/sourced_reader.h"

namespace trainbudget::io {
namespace {

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

}  // namespace trainbudget::io
