#include "io/tracked_scenario.h"

#include "core/date.h"
#include "core/log_intervals.h"
#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/map_reader.h"
#include "io/price_table.h"
#include "io/quantity_text.h"
#include "io/scenario_budget.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "io/scenario_model.h"
#include "io/scenario_price.h"
#include "io/scenario_step.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

constexpr double most_tokens = 1e19;
constexpr double most_gpus = 1e8;
constexpr double most_sequence_tokens = 1e9;

/// Puts what the log says where the scenario says nothing.
void fill(YamlNode& root, const char* key, std::optional<double> value,
          std::vector<std::string>& assumptions) {
  if (value_of(root, key) != nullptr || !value || *value < 1.0) return;
  YamlNode node = option_value("the log", fmt::format("{:.0f}", *value));
  const Location where = node.location;
  set_at_path(root, key, std::move(node), where);
  assumptions.push_back(
      fmt::format("{}: {}, as the log says", key, format_quantity(*value, QuantityKind::count, 6)));
}

/// What is given goes first; that the log says something else is told.
void warn_of_contradiction(const char* key, double given, std::optional<double> logged,
                           TrackedScenario& tracked) {
  if (logged && *logged != given)
    tracked.warnings.push_back(
        fmt::format("{} is given as {:.0f}, and {:.0f} in the log", key, given, *logged));
}

void warn_of_batch(const TrainingLog& log, double sequences, std::optional<double> length,
                   TrackedScenario& tracked) {
  if (const auto logged = contradicting_batch(log, sequences, length))
    tracked.warnings.push_back(fmt::format(
        "global_batch is {:.0f} sequences as it is given, and {:.0f} in the log", sequences, *logged));
}

/// The shape of the model that the log is of, where it tells it.
void warn_of_model(const TrainingLog& log, TrackedScenario& tracked) {
  if (!tracked.scenario.model) return;
  const Model& model = tracked.scenario.model->model;
  if (!model.encoder_layers.empty()) return;  // whose layers a log counts differs
  const auto warn = [&](const char* what, double given, std::optional<double> logged) {
    if (logged && *logged > 0.0 && *logged != given)
      tracked.warnings.push_back(fmt::format("{} of {}: {:.0f}, and {:.0f} in the log: is it of this model?",
                                             what, model.name, given, *logged));
  };
  warn("layers", static_cast<double>(model.layers.size()), log.layers);
  warn("hidden size", model.hidden_size, log.hidden_size);
}

std::optional<double> total_tokens(const TrainingLog& log, const TrackedRun& run) {
  if (log.total_tokens) return log.total_tokens;
  if (!log.total_steps) return std::nullopt;
  return tokens_of({.step = *log.total_steps}, log, run);
}

void set_flops(const Scenario& scenario, TrackedRun& run) {
  run.flops_per_token = scenario.counted ? scenario.counted->forward.value + scenario.counted->backward.value
                                         : training_flops(scenario.parameters.value, Tokens(1.0)).value;
}

void warn_of_extras(bool any, TrackedScenario& tracked) {
  if (any)
    tracked.warnings.push_back(
        "the bills are those of the GPU-hours: storage, egress, development, staff and contingency are left "
        "out");
}

/// What is paid for an hour, and for which hours, where nothing is computed.
void read_price_terms(const YamlNode* price, const BudgetRequest& asked, const ProfileFolder& profiles,
                      TrackedScenario& tracked) {
  Scenario& scenario = tracked.scenario;
  ScenarioSources sources;
  const BudgetRequest terms{.commitment = asked.commitment, .own = asked.own, .price = price};
  if (asked.own != nullptr) {
    if (scenario.accelerator.name.empty())
      throw InputError(asked.own->location, "own hardware is priced by its accelerator, and none is given",
                       "name it: --gpu h100-sxm-80gb");
    read_budget(terms, profiles, scenario, sources);
    return;
  }
  if (price == nullptr) {
    tracked.warnings.push_back(
        "no price: the bill is unknown; give one: --price '$2/h', or --gpu and --model");
    return;
  }
  if (price->kind == YamlNode::Kind::mapping && value_of(*price, "amount") == nullptr &&
      value_of(*price, "schedule") == nullptr)
    throw InputError(price->location, "a price is looked up by the accelerator, and none is given",
                     "name it: --gpu h100-sxm-80gb, and the model; or write the price: --price '$2/h'");
  scenario.price = read_price({.node = price}, profiles, scenario, sources);
  if (tracked.run.gpus) read_budget(terms, profiles, scenario, sources);
}

/// The few keys that count without hardware.
void read_parts(const YamlNode& root, const ProfileFolder& profiles, TrackedScenario& tracked) {
  Scenario& scenario = tracked.scenario;
  ScenarioSources sources;
  MapReader map(root, "scenario");
  const YamlNode* name = map.find("name");
  const YamlNode* price = map.find("price");
  for (const char* key : {"params",    "model",          "config",     "sequence_length", "tokens",
                          "gpu",       "cluster",        "gpus",       "global_batch",    "layout",
                          "fit",       "stack",          "efficiency", "precision",       "energy",
                          "as_of",     "used_gpu_hours", "schema",     "recipe",          "prices",
                          "simulation"})
    map.find(key);
  const YamlNode* start = map.find("start");
  std::string left_out;
  for (const char* key : {"reliability", "spot", "start_delay"}) {
    if (map.find(key) != nullptr) left_out += (left_out.empty() ? "" : ", ") + std::string(key);
  }
  const BudgetRequest budget = find_budget(map);
  map.finish();
  tracked.title = name != nullptr ? read_string(*name) : "a run";
  if (std::any_of(root.entries.begin(), root.entries.end(),
                  [](const YamlNode::Entry& entry) { return is_model_key(entry.key); })) {
    read_trained_model(map, profiles, scenario, sources);
    set_flops(scenario, tracked.run);
    if (name == nullptr) tracked.title = what_is_trained(scenario);
    tracked.assumptions.insert(tracked.assumptions.end(), scenario.assumptions.begin(),
                               scenario.assumptions.end());
  }
  if (const YamlNode* gpus = value_of(root, "gpus")) {
    scenario.gpus.value = read_count(*gpus, QuantityKind::count, most_gpus, "GPUs").value;
    tracked.run.gpus = scenario.gpus.value;
  } else {
    tracked.warnings.push_back("no number of GPUs: GPU-hours and the bill are unknown; give it: --gpus 8");
  }
  if (const YamlNode* gpu = value_of(root, "gpu"))
    scenario.accelerator = find_accelerator(profiles, read_string(*gpu), gpu->location);
  if (const YamlNode* cluster = value_of(root, "cluster")) {
    const Cluster found = find_cluster(profiles, read_string(*cluster), cluster->location);
    if (scenario.accelerator.name.empty())
      scenario.accelerator = find_accelerator(profiles, found.accelerator, cluster->location);
  }
  if (!scenario.accelerator.name.empty() && budget.own == nullptr)
    tracked.warnings.push_back("without a model and the number of GPUs the hardware says nothing");
  if (start != nullptr) scenario.start = parse_date(read_string(*start), start->location);
  const std::size_t assumed = scenario.assumptions.size();
  read_price_terms(price, budget, profiles, tracked);
  tracked.assumptions.insert(tracked.assumptions.end(),
                             scenario.assumptions.begin() + static_cast<std::ptrdiff_t>(assumed),
                             scenario.assumptions.end());
  if (!left_out.empty())
    tracked.warnings.push_back("without a model and its hardware, left out: " + left_out);
  warn_of_extras(budget.storage != nullptr || budget.egress != nullptr || budget.development != nullptr ||
                     budget.staff != nullptr || budget.contingency != nullptr,
                 tracked);
}

/// Prices by date were placed by the start that is given.
void warn_of_start(const TrainingLog& log, TrackedScenario& tracked) {
  const Scenario& scenario = tracked.scenario;
  if (!scenario.start || !scenario.price_course || scenario.price_course->steps.empty()) return;
  const LogRecord& first = log.records.front();
  const std::optional<double> time = first.run_start ? first.run_start : first.time;
  if (!log.dated || !time) return;
  const Date began = date_of(static_cast<int>(std::floor(*time / seconds_per_day)));
  if (days_between(began, *scenario.start) != 0)
    tracked.warnings.push_back(
        fmt::format("start is given as {}, and the log begins on {}: the prices are those "
                    "of a run from the day that is given",
                    date_text(*scenario.start), date_text(began)));
}

}  // namespace

TrackedScenario read_tracked_scenario(YamlNode root, const TrainingLog& log, const ProfileFolder& profiles) {
  TrackedScenario tracked;
  TrackedRun& run = tracked.run;
  if (root.kind != YamlNode::Kind::mapping) MapReader(root, "scenario");  // throws
  if (const YamlNode* length = value_of(root, "sequence_length")) {
    run.sequence_length = read_count(*length, QuantityKind::count, most_sequence_tokens, "tokens").value;
    warn_of_contradiction("sequence_length", *run.sequence_length, log.sequence_length, tracked);
  }
  if (const YamlNode* batch = value_of(root, "global_batch")) {
    const auto [size, in_tokens] = read_batch_size(*batch);
    const std::optional<double> length = run.sequence_length ? run.sequence_length : log.sequence_length;
    if (in_tokens)
      run.tokens_per_step = size;
    else if (length)
      run.tokens_per_step = size * *length;
    if (!in_tokens || length) warn_of_batch(log, in_tokens ? size / *length : size, length, tracked);
  }
  fill(root, "tokens", total_tokens(log, run), tracked.assumptions);
  if (const YamlNode* gpus = value_of(root, "gpus"))
    warn_of_contradiction("gpus", read_count(*gpus, QuantityKind::count, most_gpus, "GPUs").value, log.gpus,
                          tracked);
  fill(root, "gpus", log.gpus, tracked.assumptions);
  const YamlNode* tokens = value_of(root, "tokens");
  if (tokens == nullptr)
    throw InputError(root.location, "scenario lacks 'tokens'",
                     "say how many tokens the run is to train on: --tokens 1T");
  run.total_tokens = read_count(*tokens, QuantityKind::tokens, most_tokens, "tokens").value;

  const bool knows_shape = value_of(root, "model") != nullptr || value_of(root, "config") != nullptr;
  if (knows_shape) {
    fill(root, "sequence_length", log.sequence_length, tracked.assumptions);
  } else {  // these say how the log counts, and would ask for a model elsewhere
    remove_at_path(root, "sequence_length");
    remove_at_path(root, "global_batch");
  }
  const bool has_hardware = value_of(root, "gpu") != nullptr || value_of(root, "cluster") != nullptr;
  if (!has_hardware || (!knows_shape && value_of(root, "params") == nullptr) ||
      value_of(root, "gpus") == nullptr) {
    read_parts(root, profiles, tracked);
    warn_of_start(log, tracked);
    warn_of_model(log, tracked);
    return tracked;
  }
  const Scenario& scenario = tracked.scenario = read_scenario(root, profiles);
  tracked.plan = estimate(scenario);
  tracked.title = scenario.name;
  tracked.accelerator = scenario.accelerator.title;
  run.gpus = scenario.gpus.value;
  if (scenario.reliability && scenario.reliability->spare_gpus)
    run.spare_gpus = scenario.reliability->spare_gpus->value;
  set_flops(scenario, run);
  run.peak_flops_per_second = find_peak(scenario.accelerator.peak, scenario.precision.value)->value.value;
  tracked.assumptions.insert(tracked.assumptions.end(), tracked.plan->assumptions.begin(),
                             tracked.plan->assumptions.end());
  tracked.warnings.insert(tracked.warnings.end(), tracked.plan->warnings.begin(),
                          tracked.plan->warnings.end());
  warn_of_extras(scenario.extras.any(), tracked);
  warn_of_start(log, tracked);
  warn_of_model(log, tracked);
  return tracked;
}

}  // namespace trainbudget::io
