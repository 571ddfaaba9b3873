#include "io/whole_run_file.h"

#include "core/efficiency_prior.h"
#include "io/accelerator_file.h"
#include "io/efficiency_prior_file.h"
#include "io/measured_run_file.h"
#include "io/quantity_text.h"
#include "io/reliability_file.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

/// Where a run does not say on how many accelerators it ran: the scale of most that do.
constexpr double usual_accelerators = 512.0;

/// A plain number; 0 for a blank cell, or for the words "unknown" and the like.
double number(const CsvTable& table, std::size_t row, std::size_t column) {
  const std::string_view cell = table.field(row, column);
  if (cell.empty() || cell == "unknown") return 0.0;
  return parse_quantity(cell, QuantityKind::count, table.location(row, column));
}

/// What a run does not say, and where it would.
std::string missing(const CsvTable& table, std::size_t row, const char* what, const char* column) {
  return fmt::format("{} {} not known (line {}, column {})", what,
                     std::string_view(what).ends_with('s') ? "are" : "is",
                     table.location(row, table.column(column)).line, column);
}

Precision usual_precision(const Accelerator& accelerator) {
  return find_peak(accelerator.peak, Precision::bf16) != nullptr ? Precision::bf16 : Precision::fp16;
}

}  // namespace

std::vector<WholeRun> read_whole_runs(const CsvTable& table, const RunNames& names) {
  std::vector<WholeRun> runs;
  const auto text = [&](std::size_t row, const char* column) {
    return std::string(table.field(row, table.column(column)));
  };
  for (std::size_t row = 0; row < table.rows(); ++row) {
    WholeRun run{.id = text(row, "id"),
                 .publisher = text(row, "publisher"),
                 .source = text(row, "source"),
                 .model = text(row, "model"),
                 .architecture = text(row, "arch")};
    run.active_parameters = number(table, row, table.column("n_active"));
    run.tokens = number(table, row, table.column("tokens"));
    run.profile = text(row, "profile");
    run.sequence_length = number(table, row, table.column("seq_len"));
    run.global_batch_tokens = number(table, row, table.column("global_batch_tokens"));
    run.precision = text(row, "precision");
    run.accelerators = number(table, row, table.column("n_gpus"));
    run.gpu_hours = number(table, row, table.column("gpu_hours"));
    run.gpu_hours_kind = text(row, "gpu_hours_kind");
    run.days = number(table, row, table.column("days"));
    run.check = text(row, "check");
    if (const AcceleratorNames* known = names.find_accelerator(text(row, "gpu"), 0.0))
      run.accelerator = known->accelerator;
    if (run.accelerator.empty()) {
      const std::string gpu = text(row, "gpu");
      run.inexpressible = gpu.empty() || gpu == "unknown" ? missing(table, row, "its accelerator", "gpu")
                                                          : "no profile for accelerator '" + gpu + "'";
    } else if (run.active_parameters <= 0.0) {
      run.inexpressible = missing(table, row, "its parameters", "n_active");
    } else if (run.tokens <= 0.0) {
      run.inexpressible = missing(table, row, "its tokens", "tokens");
    } else if (run.gpu_hours <= 0.0) {
      run.inexpressible = missing(table, row, "its accelerator-hours", "gpu_hours");
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

std::vector<WholeRun> read_published_whole_runs(const ProfileFolder& profiles) {
  return read_whole_runs(read_csv_file(profiles.path("../published_runs/runs.csv")),
                         read_run_names(profiles));
}

Scenario scenario_before(const WholeRun& run, const ProfileFolder& profiles) {
  const EfficiencyPriors priors = read_efficiency_priors(profiles.path("efficiency/prior.yaml"));
  Scenario scenario;
  scenario.name = run.id;
  scenario.parameters.value = run.active_parameters;
  scenario.tokens.value = Tokens(run.tokens);
  scenario.accelerator = find_accelerator(profiles, run.accelerator, {});
  scenario.gpus.value = run.accelerators > 0.0 ? run.accelerators : usual_accelerators;
  scenario.precision.value = run.precision.empty() ? usual_precision(scenario.accelerator)
                                                   : precision_named(run.precision, {.file = run.id});
  const auto prior = find_prior(priors, {.accelerator = scenario.accelerator,
                                         .precision = scenario.precision.value,
                                         .gpus = scenario.gpus.value,
                                         .mixture_of_experts = run.architecture == "moe"});
  if (!prior)
    throw InputError({.file = run.id}, "no published measurements tell what " + run.accelerator + " reaches");
  scenario.model_flops_utilization = {prior->six_n, priors.steady_state_provenance};
  ScenarioSources unused;
  read_reliability(nullptr, profiles, scenario, unused);
  return scenario;
}

Scenario computed_scenario_before(const WholeRun& run, const ProfileFolder& profiles) {
  const std::string text = fmt::format(
      "model: {}\ntokens: {:.0f}\ngpu: {}\ngpus: {:.0f}\nsequence_length: {:.0f}\nglobal_batch: {:.0f} "
      "tokens\n{}",
      run.profile, run.tokens, run.accelerator, run.accelerators, run.sequence_length,
      run.global_batch_tokens, run.precision.empty() ? "" : "precision: " + run.precision + "\n");
  Scenario scenario = read_scenario(parse_yaml(text, run.id), profiles);
  scenario.run_scatter.reset();
  return scenario;
}

}  // namespace trainbudget::io
