#include "io/efficiency_prior_file.h"

#include "io/accelerator_file.h"
#include "io/map_reader.h"
#include "io/sourced_reader.h"

namespace trainbudget::io {
namespace {

Range read_above_zero(const YamlNode& node, QuantityKind kind) {
  MapReader map(node, "quantiles");
  const Range range = read_quantiles(map, kind);
  map.finish();
  if (!(range.p10 > 0.0)) throw InputError(node.location, "quantiles above zero are wanted");
  return range;
}

EfficiencyPrior read_prior(const YamlNode& node) {
  constexpr long long most = 1'000'000'000;
  MapReader map(node, "prior");
  EfficiencyPrior prior;
  const YamlNode& precisions = map.require("precisions");
  for (const std::string& word : read_strings(precisions)) {
    prior.precisions.push_back(precision_named(word, precisions.location));
  }
  if (const YamlNode* accelerators = map.find("accelerators"))
    prior.accelerators = read_strings(*accelerators);
  MapReader count(map.require("accelerator_count"), "accelerator_count");
  prior.least_gpus = static_cast<double>(read_integer(count.require("least"), 1, most));
  if (const YamlNode* upper = count.find("most"))
    prior.most_gpus = static_cast<double>(read_integer(*upper, 1, most));
  count.finish();
  prior.six_n = read_above_zero(map.require("six_n"), QuantityKind::fraction);
  prior.causal = read_above_zero(map.require("causal"), QuantityKind::fraction);
  prior.rows = static_cast<int>(read_integer(map.require("rows"), 1, most));
  read_integer(map.require("configurations"), 1, prior.rows);
  prior.publishers = static_cast<int>(read_integer(map.require("publishers"), 1, prior.rows));
  if (const YamlNode* note = map.find("note")) prior.note = read_string(*note);
  map.finish();
  return prior;
}

RunScatter read_scatter(const YamlNode& node) {
  constexpr long long most = 1'000'000;
  MapReader map(node, "scatter of runs");
  RunScatter scatter;
  MapReader factors(map.require("factor"), "quantiles");
  scatter.factor = {read_quantiles(factors, QuantityKind::count), read_provenance(map)};
  factors.finish();
  scatter.runs = static_cast<int>(read_integer(map.require("runs"), 1, most));
  scatter.publishers = static_cast<int>(read_integer(map.require("publishers"), 1, scatter.runs));
  map.finish();
  return scatter;
}

/// `same` is the key of the one factor of both conventions, where they have the same.
PriorFactor read_factor(const YamlNode& node, const char* same = nullptr) {
  constexpr long long most = 1'000'000;
  MapReader map(node, "factor of the priors");
  PriorFactor factor;
  factor.six_n = read_above_zero(map.require(same != nullptr ? same : "six_n"), QuantityKind::count);
  factor.causal =
      same != nullptr ? factor.six_n : read_above_zero(map.require("causal"), QuantityKind::count);
  factor.configurations = static_cast<int>(read_integer(map.require("configurations"), 1, most));
  factor.publishers = static_cast<int>(read_integer(map.require("publishers"), 1, factor.configurations));
  factor.provenance = read_provenance(map);
  map.finish();
  return factor;
}

}  // namespace

EfficiencyPriors read_efficiency_priors(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  MapReader map(root, "efficiency priors");
  check_schema(map, "trainbudget/efficiency-prior/2");
  EfficiencyPriors priors;
  for (const YamlNode& item : map.require("steady_state").items)
    priors.steady_state.push_back(read_prior(item));
  MapReader source(map.require("steady_state_source"), "steady_state_source");
  priors.steady_state_provenance = read_provenance(source);
  source.finish();

  priors.eight_bit = read_factor(map.require("eight_bit"), "speed");
  priors.mixtures = read_factor(map.require("mixtures_of_experts"));
  MapReader scatter(map.require("run_scatter"), "run_scatter");
  priors.around_priors = read_scatter(scatter.require("around_priors"));
  priors.around_steps = read_scatter(scatter.require("around_steps"));
  scatter.finish();
  map.finish();
  return priors;
}

std::shared_ptr<const EfficiencyPriors> shipped_priors(const ProfileFolder& profiles,
                                                       std::vector<std::string>& opened) {
  const std::string path = profiles.path("efficiency/prior.yaml");
  opened.push_back(path);
  return profiles.once<EfficiencyPriors>("file " + path, [&] { return read_efficiency_priors(path); });
}

}  // namespace trainbudget::io
