// trainbudget plan: what to train, on what, at whose price.
#include "cli/command.h"
#include "cli/scenario_options.h"
#include "io/model_family.h"
#include "io/profile_folder.h"
#include "io/quantity_text.h"
#include "io/scenario_document.h"
#include "planner/plan_report.h"
#include "planner/planner.h"

#include <algorithm>
#include <memory>
#include <thread>

namespace trainbudget::cli {
namespace {

struct PlanOptions {
  std::string family;
  std::string budget;
  std::string deadline;
  std::string most_gpus;
  std::string quantile = "p50";
  std::string tokens_per_parameter;
  std::string served;
  std::vector<std::string> hardware;
};

double read_above_zero(const std::string& text, const char* option, io::QuantityKind kind) {
  const io::Location where = io::option_location(option, text);
  const double value = io::parse_quantity(text, kind, where);
  if (!(value > 0.0)) throw io::InputError(where, "a value above zero is wanted");
  return value;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Quantile quantile_named(const std::string& word) {
  if (word == "p50") return Quantile::p50;
  if (word == "p90") return Quantile::p90;
  throw io::InputError(io::option_location("--quantile", word), "unknown quantile '" + word + "'",
                       "p50 (as likely as not) or p90");
}

/// `--pricing any` is no pricing model: it leaves the model open.
bool take_any_pricing(io::YamlNode& document) {
  for (io::YamlNode::Entry& entry : document.entries) {
    if (entry.key != "price") continue;
    for (const io::YamlNode::Entry& inner : entry.value.entries) {
      if (inner.key != "pricing" || inner.value.text != "any") continue;
      io::remove_at_path(document, "price.pricing");
      if (entry.value.entries.empty()) io::remove_at_path(document, "price");
      return true;
    }
  }
  return false;
}

planner::Request request_of(const PlanOptions& options, io::YamlNode document) {
  planner::Request request{.family = options.family,
                           .family_at = io::option_location("--family", options.family)};
  request.any_pricing = take_any_pricing(document);
  request.document = std::move(document);
  for (const std::string& names : options.hardware) {
    for (const std::string& name : split(names))
      request.hardware.push_back(name);
    request.hardware_at = io::option_location("--hardware", names);
  }
  planner::Limits& limits = request.limits;
  limits.quantile = quantile_named(options.quantile);
  if (!options.budget.empty())
    limits.budget_usd = read_above_zero(options.budget, "--budget", io::QuantityKind::usd);
  if (!options.deadline.empty())
    limits.deadline_seconds = read_above_zero(options.deadline, "--deadline", io::QuantityKind::seconds);
  if (!options.most_gpus.empty()) {
    constexpr double most = 1e6;
    request.most_gpus = read_above_zero(options.most_gpus, "--max-gpus", io::QuantityKind::count);
    if (request.most_gpus < 1.0 || request.most_gpus > most)
      throw io::InputError(io::option_location("--max-gpus", options.most_gpus),
                           "a number from 1 to 1 million is wanted");
  }
  request.tokens_per_parameter = {20.0, 100.0, 400.0};
  if (!options.tokens_per_parameter.empty()) {
    request.tokens_per_parameter.clear();
    for (const std::string& part : split(options.tokens_per_parameter))
      request.tokens_per_parameter.push_back(
          read_above_zero(part, "--tokens-per-parameter", io::QuantityKind::count));
  }
  if (!options.served.empty())
    request.served_tokens = read_above_zero(options.served, "--serve-tokens", io::QuantityKind::tokens);
  request.search.threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 16);
  return request;
}

int list_families(const GlobalOptions& global) {
  render::Table table{.columns = {{"family", "Family"}, {"models", "Public models", true}}};
  for (const auto& [name, count] : io::all_families(io::profile_folder(global.profiles)))
    table.rows.push_back({render::Cell::of(name), render::Cell::of(std::to_string(count), count)});
  emit(renderer_of(std::move(table)), global.output);
  return 0;
}

int run_plan(const GlobalOptions& global, const PlanOptions& options, const ScenarioOptions& scenario) {
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const planner::Plan plan = planner::make_plan(request_of(options, scenario.document()), profiles);
  const std::string command = plan.winner ? "trainbudget estimate " + scenario_arguments(plan.document) : "";
  emit(
      [&](Format format, render::Style style) {
        switch (format) {
          case Format::json:
            return planner::plan_json(plan, command);
          case Format::csv:
            return planner::plan_csv(plan);
          case Format::markdown:
            return planner::plan_markdown(plan, command);
          case Format::table:
            break;
        }
        return planner::plan_text(plan, command, style);
      },
      global.output);
  return plan.winner ? 0 : 1;
}

}  // namespace

AddedCommand add_plan_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app =
      parent.add_subcommand("plan", "What to train, on what and at whose price, for a budget or a deadline");
  const auto options = std::make_shared<PlanOptions>();
  CLI::Option* family =
      app->add_option("--family", options->family,
                      "Train whichever size of this family is best: rwkv-7; alone, lists the families")
          ->type_name("NAME")
          ->expected(0, 1)
          ->group("Plan");
  app->add_option("--budget", options->budget, "What may be paid: '$100k'")->type_name("USD")->group("Plan");
  app->add_option("--deadline", options->deadline,
                  "'30 days'; with an open size or open tokens, 90 days are assumed")
      ->type_name("TIME")
      ->group("Plan");
  app->add_option("--hardware", options->hardware,
                  "Accelerators or clusters to choose from: h100-sxm-80gb,h200-sxm-141gb; default: all with "
                  "a price (repeatable)")
      ->type_name("NAMES")
      ->expected(1)
      ->take_all()
      ->group("Plan");
  app->add_option("--max-gpus", options->most_gpus, "Most accelerators to look at; default: 1024")
      ->type_name("COUNT")
      ->group("Plan");
  app->add_option("--quantile", options->quantile,
                  "Against which budget and deadline hold: p50 (default), p90")
      ->type_name("WORD")
      ->group("Plan");
  app->add_option("--tokens-per-parameter", options->tokens_per_parameter,
                  "Options beside the compute-optimal one; default: 20,100,400")
      ->type_name("LIST")
      ->group("Plan");
  app->add_option("--serve-tokens", options->served,
                  "Tokens that the model will serve, and the budget pays as well: 1T")
      ->type_name("TOKENS")
      ->group("Plan");
  const auto scenario = std::make_shared<ScenarioOptions>(*app);
  app->footer(
      "What is given stays, what is left open is chosen. --pricing any looks at all pricing "
      "models.\n\nExamples:\n"
      "  trainbudget plan --budget '$100k' --hardware h100-sxm-80gb --family rwkv-7\n"
      "  trainbudget plan --model rwkv-7-7.2b --tokens 3T --deadline '30 days'\n\n"
      "Exit code 1: nothing keeps to the limits.");
  return {app, [=, &global] {
            if (family->count() > 0 && options->family.empty()) return list_families(global);
            return run_plan(global, *options, *scenario);
          }};
}

}  // namespace trainbudget::cli
