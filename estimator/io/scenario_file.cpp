#include "io/scenario_file.h"

#include "core/efficiency_prior.h"
#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/efficiency_prior_file.h"
#include "io/map_reader.h"
#include "io/price_table.h"
#include "io/reliability_file.h"
#include "io/scenario_budget.h"
#include "io/scenario_energy.h"
#include "io/scenario_model.h"
#include "io/scenario_price.h"
#include "io/scenario_spot.h"
#include "io/scenario_step.h"
#include "io/sourced_reader.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

/// Bounds beyond which a number is a slip of the pen, and far from what a double cannot hold.
constexpr double most_tokens = 1e19;
constexpr double most_gpus = 1e8;
constexpr double least_gpu_hours = 1e-3;
constexpr double least_efficiency = 1e-6;

Sourced<double> read_gpu_hours(const YamlNode& node) {
  const double value = read_quantity_value(node, QuantityKind::count);
  if (!(value > 0.0))
    throw InputError(node.location, "a number of GPU-hours above 0 is wanted, not '" + node.text + "'");
  require_within(node, QuantityKind::count, value, least_gpu_hours, most_gpu_hours);
  return {value, given_by_user(node.location)};
}

SourcedRange read_start_delay(const YamlNode& node) {
  constexpr double most_seconds = 10.0 * 365.0 * seconds_per_day;
  return read_range(node, QuantityKind::seconds, 0.0, most_seconds);
}

struct Hardware {
  Accelerator accelerator;
  std::optional<Cluster> cluster;
  std::string file;
};

Hardware read_hardware(MapReader& map, const ProfileFolder& profiles) {
  const YamlNode* gpu = map.find("gpu");
  const YamlNode* cluster = map.find("cluster");
  Hardware hardware;
  if (cluster != nullptr)
    hardware.cluster = *profiles.once<Cluster>("cluster " + read_string(*cluster), [&] {
      return find_cluster(profiles, read_string(*cluster), cluster->location);
    });
  if (gpu == nullptr && cluster == nullptr) {
    throw InputError(map.node().location, "scenario lacks 'gpu'",
                     "write gpu: a100-sxm-80gb (or --gpu); 'trainbudget hardware list' shows them all");
  }
  const YamlNode& named = gpu != nullptr ? *gpu : *cluster;
  hardware.file = profiles.find(
      "accelerators", gpu != nullptr ? read_string(*gpu) : hardware.cluster->accelerator, named.location);
  hardware.accelerator = *profiles.once<Accelerator>("file " + hardware.file,
                                                     [&] { return read_accelerator_file(hardware.file); });
  if (hardware.cluster && hardware.cluster->accelerator != hardware.accelerator.name) {
    throw CombinationError(gpu->location,
                           "'" + hardware.accelerator.name + "' is not what the cluster '" +
                               hardware.cluster->name + "' is made of",
                           "it has " + hardware.cluster->accelerator + "; leave one of the two out");
  }
  return hardware;
}

Sourced<Precision> read_precision(const YamlNode* node, const Accelerator& gpu, Scenario& scenario) {
  std::string known;
  for (const Precision precision : all_precisions) {
    if (find_peak(gpu.peak, precision) != nullptr)
      known += (known.empty() ? "" : ", ") + std::string(name_of(precision));
  }
  if (node != nullptr) {
    const Precision precision = precision_named(read_string(*node), node->location);
    if (find_peak(gpu.peak, precision) != nullptr) return {precision, given_by_user(node->location)};
    throw CombinationError(node->location, gpu.name + " has no peak at " + std::string(name_of(precision)),
                           "it has " + known);
  }
  for (const Precision precision : {Precision::bf16, Precision::fp16, Precision::fp32}) {
    if (find_peak(gpu.peak, precision) == nullptr) continue;
    scenario.assumptions.push_back("precision: " + std::string(name_of(precision)) + " (not given)");
    return {precision, {.origin = Origin::assumed, .source = "usual for training on " + gpu.name}};
  }
  throw InputError({.file = gpu.name}, "this accelerator has no peak at a precision that trains",
                   "it has " + known);
}

void read_efficiency(const YamlNode* node, const ProfileFolder& profiles, Scenario& scenario,
                     ScenarioSources& sources, bool steps) {
  if (node != nullptr) {
    scenario.model_flops_utilization = read_range(*node, QuantityKind::fraction, least_efficiency, 1.0);
    scenario.whole_run_fraction = {
        exactly(1.0),
        {.origin = Origin::assumed, .source = "an efficiency that is given covers the whole run"}};
    if (scenario.model_flops_utilization.value.is_exact()) {
      scenario.warnings.push_back(
          "the efficiency is a single number, so hours have no range; give one: --efficiency 40%..55%");
    }
    return;
  }
  if (steps) return;  // it will be computed
  const auto known = shipped_priors(profiles, sources.files);
  const EfficiencyPriors& priors = *known;
  const bool experts = scenario.model && has_experts(scenario.model->model);
  const auto prior = find_prior(priors, {.accelerator = scenario.accelerator,
                                         .precision = scenario.precision.value,
                                         .gpus = scenario.gpus.value,
                                         .mixture_of_experts = experts});
  const std::string precision(name_of(scenario.precision.value));
  if (!prior) {
    throw CombinationError({.file = "efficiency"},
                           "no published measurements tell what " + precision + " training reaches",
                           "give it: --efficiency 30%..40%");
  }
  Provenance provenance = priors.steady_state_provenance;
  provenance.source = std::to_string(prior->rows) + " published measurements of " +
                      std::to_string(prior->publishers) + " publishers: " + provenance.source;
  provenance.note = prior->note;
  scenario.model_flops_utilization = {scenario.counted ? prior->causal : prior->six_n, provenance};
  scenario.run_scatter = priors.around_priors.factor;
  std::string text =
      fmt::format("efficiency: not given; a prior from {} published measurements of ", prior->rows);
  const std::string_view measured = name_of(prior->precisions.front());
  text += prior->is_pooled() ? fmt::format("other accelerators at {}", measured)
                             : fmt::format("{} and its kin at {}", scenario.accelerator.name, measured);
  scenario.assumptions.push_back(
      fmt::format("{} (hardware_profiles/efficiency/prior.yaml), as wide as {} whole runs scatter around it",
                  text, priors.around_priors.runs));
  if (scenario.precision.value == Precision::fp8)
    scenario.assumptions.push_back(
        fmt::format("efficiency: fp8 is {:.2f} to {:.2f} times as fast as 16 bits, as in {} published pairs "
                    "of runs that differ in nothing else",
                    priors.eight_bit.six_n.p10, priors.eight_bit.six_n.p90, priors.eight_bit.configurations));
  if (experts) {
    const Range& share = scenario.counted ? priors.mixtures.causal : priors.mixtures.six_n;
    scenario.assumptions.push_back(
        fmt::format("efficiency: a mixture of experts reaches {:.0f} to {:.0f} % of it, as {} published ones "
                    "did of dense models by the same publisher",
                    100.0 * share.p10, 100.0 * share.p90, priors.mixtures.configurations));
  }
  if (!prior->note.empty()) scenario.warnings.push_back("efficiency: " + prior->note);
}

/// What the key `price` says under `key`; empty where it does not.
std::string named_in_price(const YamlNode* price, std::string_view key) {
  const YamlNode* named = price == nullptr ? nullptr : value_of(*price, key);
  return named == nullptr ? std::string() : named->text;
}

}  // namespace

LayoutSearch find_fastest(const StepPlan& plan, const SearchSpace& space) {
  return search_layouts(plan.workload, plan.machine, space, plan.profile.efficiency(), {.kept = 1});
}

Scenario read_scenario(const YamlNode& root, const ProfileFolder& profiles, ScenarioSources* opened,
                       const FindLayout& find) {
  ScenarioSources unused;
  ScenarioSources& sources = opened != nullptr ? *opened : unused;
  MapReader map(root, "scenario");
  Scenario scenario;
  // A misspelt key is told before the one that it leaves missing.
  for (const char* key :
       {"params", "model", "config", "sequence_length", "recipe", "tokens", "gpu", "cluster", "gpus"}) {
    map.find(key);
  }
  if (map.find("schema") != nullptr) check_schema(map, "trainbudget/scenario/1");
  const YamlNode* name = map.find("name");
  const YamlNode* efficiency = map.find("efficiency");
  StepRequest step{.layout = map.find("layout"),
                   .global_batch = map.find("global_batch"),
                   .fit = map.find("fit"),
                   .stack = map.find("stack"),
                   .find = find};
  const YamlNode* energy = map.find("energy");
  const YamlNode* precision = map.find("precision");
  const YamlNode* reliability = map.find("reliability");
  const YamlNode* spot = map.find("spot");
  const YamlNode* simulation = map.find("simulation");
  const YamlNode* start = map.find("start");
  const YamlNode* start_delay = map.find("start_delay");
  const YamlNode* used = map.find("used_gpu_hours");
  PriceRequest price{.node = map.find("price"), .as_of = map.find("as_of"), .list = map.find("prices")};
  const BudgetRequest budget = find_budget(map);
  map.finish();

  read_trained_model(map, profiles, scenario, sources);
  const Sourced<double> tokens =
      read_count(map.require("tokens"), QuantityKind::tokens, most_tokens, "tokens");
  scenario.tokens = {Tokens(tokens.value), tokens.provenance};
  constexpr double few_tokens = 65536.0;
  if (tokens.value < few_tokens && !step.any())
    scenario.warnings.push_back(format_quantity(tokens.value, QuantityKind::count, 6) +
                                " tokens are not one step of a training run; 15B and 1.5T are written so");
  Hardware hardware = read_hardware(map, profiles);
  scenario.gpus = read_count(map.require("gpus"), QuantityKind::count, most_gpus, "GPUs");

  scenario.accelerator = std::move(hardware.accelerator);
  sources.files.push_back(hardware.file);
  scenario.precision = read_precision(precision, scenario.accelerator, scenario);
  scenario.name = name != nullptr ? read_string(*name)
                                  : what_is_trained(scenario) + " on " +
                                        format_quantity(tokens.value, QuantityKind::tokens, 4) + " tokens";
  if (efficiency != nullptr && names_efficiency_profile(*efficiency)) {
    step.efficiency = efficiency;
    efficiency = nullptr;
  }
  if (step.any() && efficiency != nullptr) {
    throw InputError(efficiency->location, "the efficiency is given, and the keys to compute it as well",
                     "leave out efficiency, or layout, global_batch and stack");
  }
  read_efficiency(efficiency, profiles, scenario, sources, step.any());
  if (step.any()) read_step(step, hardware.cluster, profiles, map.node().location, scenario, sources);
  const bool interrupted = reliability != nullptr || spot != nullptr;
  if (interrupted || efficiency == nullptr) read_reliability(reliability, profiles, scenario, sources);
  if (interrupted && efficiency != nullptr)
    scenario.assumptions.push_back("efficiency: of the steady state, since interruptions are given as well");
  if (simulation != nullptr) scenario.simulation = read_simulation(*simulation, scenario);
  if (start != nullptr) scenario.start = parse_date(read_string(*start), start->location);
  if (start_delay != nullptr)
    scenario.start_delay_seconds = read_start_delay(*start_delay);
  else if (scenario.start && budget.own == nullptr)
    scenario.assumptions.push_back("start: the accelerators are there on that day (--start-delay)");
  if (used != nullptr) scenario.used_gpu_hours = read_gpu_hours(*used);

  price.accelerator = scenario.accelerator.name;
  if (hardware.cluster) price.provider = hardware.cluster->provider;
  scenario.price = read_price(price, profiles, scenario, sources);
  if (spot != nullptr && budget.own != nullptr)
    throw InputError(spot->location, "hardware of one's own is not taken back", "leave out own, or spot");
  const bool on_spot = asks_for_spot(price.node) && budget.own == nullptr;
  if (spot != nullptr || (scenario.reliability && on_spot))
    read_spot(spot, price, spot != nullptr ? spot->location : price.node->location, profiles, scenario,
              sources);
  else if (on_spot)
    scenario.warnings.push_back(
        "spot instances are taken back, and the efficiency that is given is taken to count that already; "
        "--preempted-every 12h..5d counts it");
  read_budget(budget, profiles, scenario, sources);
  if (!scenario.price && !scenario.own)
    scenario.warnings.push_back("the price list has no price of " + scenario.accelerator.name +
                                ": the cost is unknown; give one: --price '$2/h'");

  EnergyRequest place{.node = energy,
                      .provider = named_in_price(price.node, "provider"),
                      .region = named_in_price(price.node, "region")};
  if (place.provider.empty()) place.provider = price.provider;
  read_energy(place, profiles, scenario, sources);
  return scenario;
}

}  // namespace trainbudget::io
