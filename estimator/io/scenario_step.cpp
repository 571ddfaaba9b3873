#include "io/scenario_step.h"

#include "core/measured_recurrence.h"
#include "io/cluster_file.h"
#include "io/efficiency_file.h"
#include "io/efficiency_prior_file.h"
#include "io/layout_text.h"
#include "io/quantity_text.h"
#include "io/recipe_text.h"
#include "io/scenario_model.h"
#include "io/scenario_price.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

constexpr double most_batch = 1e12;

Cluster cluster_of(const std::optional<Cluster>& named, const ProfileFolder& profiles,
                   const Scenario& scenario, const Location& where, std::vector<std::string>& assumptions) {
  if (named) return *named;
  // Any cluster of this accelerator: the one that comes first by name, of a provider where there is no other.
  const std::string& accelerator = scenario.accelerator.name;
  const auto found = profiles.once<std::optional<Cluster>>("any cluster of " + accelerator, [&] {
    std::optional<Cluster> of_provider;
    for (const std::string& name : profiles.names(cluster_profiles)) {
      Cluster cluster = read_cluster_file(profiles.file(cluster_profiles, name));
      if (cluster.accelerator != accelerator) continue;
      if (cluster.provider.empty()) return std::optional(cluster);
      if (!of_provider) of_provider = std::move(cluster);
    }
    return of_provider;
  });
  if (*found) {
    assumptions.push_back("network of " + (*found)->name + " (no --cluster given)");
    return **found;
  }
  // One alone needs no network.
  if (scenario.gpus.value == 1.0)
    return Cluster{.accelerator = accelerator, .accelerators_per_node = {1.0, {}}};
  throw CombinationError(where, "no cluster of " + scenario.accelerator.name + " is known",
                         "name one: --cluster; 'trainbudget hardware list --clusters' shows them");
}

/// Says of a profile that was measured in part which numbers come from where.
void note_origins(const EfficiencyProfile& profile, Scenario& scenario) {
  const auto names_of = [&](Origin origin) {
    std::string names;
    for (const ParameterRow& row : parameter_table()) {
      if (profile.parameters[index_of(row.parameter)].provenance.origin != origin) continue;
      names += names.empty() ? "" : ", ";
      names += row.name;
    }
    return names;
  };
  const std::string measured = names_of(Origin::measured);
  if (measured.empty()) return;
  std::string note = "efficiencies of " + profile.name + ", measured on " + profile.date + ": " + measured;
  const std::string fitted = names_of(Origin::fitted);
  if (!fitted.empty()) note += "; fitted to published runs: " + fitted;
  const std::string assumed = names_of(Origin::assumed);
  if (!assumed.empty()) note += "; assumed: " + assumed;
  scenario.assumptions.push_back(std::move(note));
}

/// Export variants: the same chip with slower links, which the cluster knows.
constexpr std::pair<std::string_view, std::string_view> same_chip[] = {{"h800-sxm-80gb", "h100-sxm-80gb"},
                                                                       {"a800-sxm-80gb", "a100-sxm-80gb"}};

/// The profile of an unknown stack on the same chip, where `accelerator` has none of its own.
std::optional<EfficiencyProfile> profile_of_kin(const std::string& accelerator, const ProfileFolder& profiles,
                                                Scenario& scenario, ScenarioSources& sources) {
  for (const auto& [variant, original] : same_chip) {
    if (variant != accelerator) continue;
    const std::string name = std::string(original) + "/generic";
    EfficiencyProfile profile = *profiles.once<EfficiencyProfile>(
        "efficiency " + name, [&] { return find_efficiency_profile(profiles, name, {}); });
    sources.files.push_back(profiles.path("efficiency/" + name + ".yaml"));
    scenario.assumptions.push_back(fmt::format(
        "software stack unknown, and no efficiency profile of {}: {}, which is of the same chip, and "
        "its wide range",
        accelerator, name));
    profile.accelerator = accelerator;
    return profile;
  }
  return std::nullopt;
}

EfficiencyProfile profile_of(const StepRequest& request, const ProfileFolder& profiles, Scenario& scenario,
                             ScenarioSources& sources) {
  const std::string& accelerator = scenario.accelerator.name;
  std::string name;
  Location where;
  if (request.efficiency != nullptr && request.stack != nullptr)
    throw InputError(request.stack->location, "an efficiency profile is given, which is of a stack already",
                     "leave one of efficiency and stack out");
  if (request.efficiency != nullptr) {
    name = read_string(*request.efficiency);
    where = request.efficiency->location;
  } else if (request.stack != nullptr) {
    name = accelerator + "/" + read_string(*request.stack);
    where = request.stack->location;
  } else {
    name = accelerator + "/generic";
    const auto known = profiles.once<std::vector<std::string>>(
        "efficiency profiles", [&] { return efficiency_profile_names(profiles); });
    if (std::find(known->begin(), known->end(), name) == known->end()) {
      if (auto kin = profile_of_kin(accelerator, profiles, scenario, sources)) return *std::move(kin);
      scenario.warnings.push_back("no efficiency profile of " + accelerator +
                                  ": typical values stand for it, and the range is wide");
      EfficiencyProfile typical{.name = "typical", .accelerator = accelerator, .stack = "generic"};
      for (const ParameterRow& row : parameter_table())
        typical.parameters[index_of(row.parameter)] = {row.typical, 0.0, {.origin = Origin::assumed}};
      typical.step_time_spread = 0.35;  // wider than any generic profile that rows stand behind
      typical.row_spread = 0.05;
      typical.memory_spread = 0.35;  // as wide as the widest
      return typical;
    }
    scenario.assumptions.push_back("software stack unknown: the profile " + name +
                                   " and its wide range (--stack narrows it)");
  }
  EfficiencyProfile profile = *profiles.once<EfficiencyProfile>(
      "efficiency " + name, [&] { return find_efficiency_profile(profiles, name, where); });
  sources.files.push_back(name.ends_with(".yaml") ? name : profiles.path("efficiency/" + name + ".yaml"));
  if (profile.accelerator != accelerator) {
    throw CombinationError(
        where, "the profile '" + profile.name + "' is of " + profile.accelerator + ", not of " + accelerator,
        "efficiencies do not carry over from one accelerator to another");
  }
  note_origins(profile, scenario);
  return profile;
}

/// Of steps of a stack that no measured step tells of, whole runs keep less, and vary more.
void add_run_scatter(const EfficiencyProfile& profile, const ProfileFolder& profiles, Scenario& scenario,
                     ScenarioSources& sources) {
  if (profile.rows > 0) return;
  const auto priors = shipped_priors(profiles, sources.files);
  const RunScatter& scatter = priors->around_steps;
  scenario.run_scatter = scatter.factor;
  const Range& kept = scatter.factor.value;
  scenario.assumptions.push_back(fmt::format(
      "utilisation: {:.2f} of that of the steps (P10 {:.2f}, P90 {:.2f}), as {} whole runs of {} publishers "
      "whose stack was not known either",
      kept.p50, kept.p10, kept.p90, scatter.runs, scatter.publishers));
}

/// Time and cost of less than a step are shares of one, and nobody runs a share.
void warn_of_no_whole_step(const StepPlan& plan, Scenario& scenario) {
  const double step_tokens = plan.global_batch * plan.workload.sequence_length;
  if (scenario.tokens.value.value >= step_tokens) return;
  scenario.warnings.push_back("the run is shorter than one step: " +
                              format_quantity(scenario.tokens.value.value, QuantityKind::tokens, 4) +
                              " tokens of the " + format_quantity(step_tokens, QuantityKind::tokens, 4) +
                              " that a step trains; time and cost are that share of a step's");
}

/// Layouts, and the memory that they need, are of accelerators.
void warn_of_devices(const Accelerator& accelerator, Scenario& scenario) {
  if (!accelerator.devices) return;
  const double devices = accelerator.devices->value;
  scenario.warnings.push_back(fmt::format(
      "software sees {} devices of {} in each {}, and layouts here are of whole ones: what is not "
      "sharded is held by each device, so that memory that fits here may not there",
      devices, format_quantity(memory_of(accelerator).value.value / devices, QuantityKind::bytes),
      accelerator.name));
}

/// Says what widens the range of a kind of model that its software was never seen to train.
void warn_of_unseen(const StepPlan& plan, Scenario& scenario) {
  if (!is_unseen(plan.profile.seen, plan.workload)) return;
  std::string kinds;
  for (const ModelKind& kind : plan.profile.seen)
    kinds.append(kinds.empty() ? "" : ", ").append(name_of(kind));
  scenario.warnings.push_back("no measured step of " + plan.profile.stack + " was of a model with " +
                              name_of(kind_of(plan.workload)) + " (but of " + kinds +
                              "): the range is wider for it");
}

/// "1024 sequences" without the word, where it ends with it.
std::optional<std::string> without_sequences(std::string_view text) {
  for (const std::string_view word : {"sequences", "sequence", "seqs", "seq"}) {
    if (!text.ends_with(word)) continue;
    text.remove_suffix(word.size());
    while (text.ends_with(' '))
      text.remove_suffix(1);
    return std::string(text);
  }
  return std::nullopt;
}

double rounded_to_multiple(double value, double multiple) {
  return multiple * std::max(1.0, std::round(value / multiple));
}

/// A number of sequences near `batch` that many layouts divide: a power of two within a tenth, else a
/// multiple of the odd part of the accelerators and of a power of two, within a thirty-second.
double divisible_batch(double batch, double accelerators) {
  const double power = std::exp2(std::round(std::log2(batch)));
  double odd = accelerators;
  while (odd > 1.0 && std::fmod(odd, 2.0) == 0.0)
    odd /= 2.0;
  constexpr double finest = 16.0;
  if (odd == 1.0 && std::abs(power / batch - 1.0) < 0.1) return power;
  const double parts = batch / finest / odd;
  return parts < 1.0 ? batch : rounded_to_multiple(batch, odd * std::exp2(std::floor(std::log2(parts))));
}

}  // namespace

BatchSize read_batch_size(const YamlNode& node) {
  const std::optional<std::string> sequences = without_sequences(node.text);
  const double size = sequences ? parse_quantity(*sequences, QuantityKind::count, node.location)
                                : read_quantity_value(node, QuantityKind::tokens);
  if (!(size >= 1.0) || size > most_batch)
    throw InputError(node.location, "a batch from 1 sequence up is wanted, not '" + node.text + "'");
  const bool says_tokens = node.text.find("tok") != std::string::npos;
  const bool in_tokens = !sequences && (says_tokens || size >= fewest_batch_tokens);
  if (!in_tokens && size != std::floor(size))
    throw InputError(node.location, "a whole number of sequences is wanted, not '" + node.text + "'",
                     "from 65,536 on, a batch is counted in tokens");
  return {size, in_tokens};
}

Quantile read_fit(const YamlNode& node) {
  constexpr std::array<std::string_view, 2> words{name_of(Quantile::p50), name_of(Quantile::p90)};
  return read_word(node, "fit", words) == 0 ? Quantile::p50 : Quantile::p90;
}

bool names_efficiency_profile(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar) return false;
  return node.text.ends_with(".yaml") || node.text.find('/') != std::string::npos;
}

void read_step(const StepRequest& request, const std::optional<Cluster>& named, const ProfileFolder& profiles,
               const Location& where, Scenario& scenario, ScenarioSources& sources) {
  const auto missing = [&](const char* key, const char* hint) {
    throw InputError(where, std::string("steps are computed, but '") + key + "' is missing", hint);
  };
  if (!scenario.model) missing("model", "a number of parameters has no operations: --model or --config");
  if (request.global_batch == nullptr)
    missing("global_batch", "sequences or tokens a step: --global-batch 1024 or --global-batch 4M");
  const Cluster cluster = cluster_of(named, profiles, scenario, where, scenario.assumptions);
  const auto machine = machine_of(scenario.accelerator, cluster, scenario.precision.value);
  if (!machine) throw CombinationError(where, scenario.accelerator.name + " has no peak at this precision");

  Recipe recipe = scenario.model->recipe;
  recipe.saved_input_bytes = saved_input_bytes(scenario.precision.value);
  StepPlan plan;
  const double length = scenario.model->sequence.length;
  plan.workload = *profiles.once<Workload>(
      "workload of " + std::to_string(length) + " tokens of " + scenario.parameters.provenance.source +
          " by " + recipe_text(recipe) + " at " + std::string(name_of(scenario.precision.value)),
      [&] {
        return gather(apply(recipe, expand(scenario.model->model)), scenario.model->sequence, recipe, true);
      });
  plan.machine = *machine;
  // Layouts that rows leave open are those that fit what the vendor prints (core/usual_layout.h): whoever
  // publishes a figure leaves room.
  if (scenario.accelerator.memory_offered)
    plan.machine.memory_capacity = scenario.accelerator.memory_offered->value.value;
  plan.cluster = cluster.name;
  plan.profile = profile_of(request, profiles, scenario, sources);
  add_run_scatter(plan.profile, profiles, scenario, sources);
  warn_of_unseen(plan, scenario);
  warn_of_devices(scenario.accelerator, scenario);
  take_measured_recurrences(plan.workload, plan.profile.recurrences);
  scenario.assumptions.push_back(recipe_description(recipe) + "; fused attention");
  if (plan.machine.matmul_bytes > 2.0)
    scenario.warnings.push_back("memory and messages are of 16-bit weights and activations: training in " +
                                std::string(name_of(scenario.precision.value)) +
                                " holds about twice as much");
  if (recipe.weight_bytes < 1.0)
    scenario.warnings.push_back(
        "4-bit weights are widened before every product; that time is not counted, and is longest where few "
        "tokens share it");

  const auto [size, in_tokens] = read_batch_size(*request.global_batch);
  double batch = in_tokens ? std::max(1.0, std::round(size / length)) : size;
  const double wanted = batch;
  plan.global_batch_provenance = given_by_user(request.global_batch->location);
  if (request.fit != nullptr) plan.fit = read_fit(*request.fit);
  if (request.layout != nullptr) {
    if (request.fit != nullptr)
      throw CombinationError(request.fit->location, "'fit' is for a layout that is chosen, and one is given",
                             "leave one of the two out; the report says with what chance a layout fits");
    plan.layout = read_layout(*request.layout, scenario.gpus.value);
    plan.layout_provenance = given_by_user(request.layout->location);
    const double ranks = static_cast<double>(plan.layout.micro_batch) * plan.layout.data *
                         (plan.layout.chunks > 1 ? plan.layout.pipeline : 1);
    if (in_tokens) batch = rounded_to_multiple(batch, ranks);
    plan.global_batch = batch;
    if (const std::string problem = layout_problem(plan.workload, plan.machine, plan.layout, batch);
        !problem.empty())
      throw CombinationError(request.layout->location, problem);
    for (std::string& remark : layout_remarks(plan.workload, plan.layout))
      scenario.warnings.push_back("layout: " + std::move(remark));
  } else {
    if (in_tokens) batch = divisible_batch(batch, scenario.gpus.value);
    const SearchSpace space{.accelerators = scenario.gpus.value,
                            .global_batch = batch,
                            .memory_share = memory_share(plan.profile, plan.fit)};
    plan.global_batch = batch;
    const LayoutSearch found = request.find(plan, space);
    if (found.best.empty() && found.nearest.step_seconds == 0.0) {
      throw CombinationError(
          request.global_batch->location,
          "no layout divides " + format_quantity(scenario.gpus.value, QuantityKind::count, 6) +
              " accelerators and a batch of " + format_quantity(batch, QuantityKind::count, 6) + " sequences",
          "'trainbudget search --round-batch' lets replicas train a smaller batch");
    }
    const LayoutCandidate& chosen = found.best.empty() ? found.nearest : found.best.front();
    plan.layout = chosen.layout;
    batch = plan.global_batch = chosen.global_batch;
    const std::string all = format_quantity(static_cast<double>(found.layouts), QuantityKind::count, 6);
    const std::string at_quantile = plan.fit == Quantile::p90 ? " at P90" : "";
    if (found.best.empty()) {
      plan.layout_provenance = {.origin = Origin::derived,
                                .source = "needs least memory; none fits" + at_quantile};
      scenario.assumptions.push_back("layout: " + layout_text(plan.layout) +
                                     ", which needs least memory, since none of " + all + " fits" +
                                     at_quantile + " (not given: --layout)");
    } else {
      plan.layout_provenance = {.origin = Origin::derived,
                                .source = "the fastest of all that fit" + at_quantile};
      scenario.assumptions.push_back("layout: " + layout_text(plan.layout) + ", the fastest of " + all +
                                     (plan.fit == Quantile::p90 ? " that fits at P90" : "") +
                                     " (not given: --layout)");
    }
  }
  if (in_tokens) {
    scenario.assumptions.push_back(
        "global batch: " + format_quantity(plan.global_batch, QuantityKind::count, 6) + " sequences of " +
        format_quantity(length, QuantityKind::count, 6) + " tokens" +
        (plan.global_batch != wanted
             ? (request.layout != nullptr ? ", the nearest that divides" : ", near it and easier to divide")
             : ""));
  }
  constexpr double many_sequences = 8192.0;
  if (!in_tokens && size >= many_sequences && !without_sequences(request.global_batch->text)) {
    scenario.assumptions.push_back("global batch: " + format_quantity(size, QuantityKind::count, 6) +
                                   " sequences, " + format_quantity(size * length, QuantityKind::tokens, 4) +
                                   " tokens a step (fewer than 65,536 are " +
                                   "sequences; tokens are written '32k tokens')");
  }
  for (const std::string& remark :
       measured_recurrence_remarks(plan.workload, plan.profile.recurrences, plan.layout))
    scenario.warnings.push_back(remark);
  warn_of_no_whole_step(plan, scenario);
  scenario.step = std::move(plan);
}

}  // namespace trainbudget::io
