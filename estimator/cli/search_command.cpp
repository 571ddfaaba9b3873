// trainbudget search: all layouts of a run, on one machine or several, the best that fit first.
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "cli/team_search.h"
#include "io/map_reader.h"
#include "io/profile_folder.h"
#include "io/quantity_text.h"
#include "io/scenario_document.h"
#include "io/suggest.h"
#include "render/number_text.h"
#include "sweep/layout_ranking.h"
#include "sweep/layout_report.h"

#include <algorithm>
#include <memory>
#include <thread>

namespace trainbudget::cli {
namespace {

using io::InputError;
using sweep::Sweep;

constexpr int most_shown = 1000;
constexpr double most_machines = 1000;
constexpr int most_threads = 1024;
constexpr const char* assumed_tokens = "1T";

struct SearchOptionTexts {
  std::string objective = "time";
  std::string hardware;
  std::string deadline;
  std::string budget;
  int top = 10;
  int threads = 0;
  bool round_batch = false;
  bool zero_bubble = false;
  bool modules = false;
};

void check_document(const io::YamlNode& document, const SearchOptionTexts& texts) {
  if (io::value_of(document, "global_batch") == nullptr) {
    throw InputError({.file = "search"}, "a search computes steps: --global-batch is missing",
                     "sequences or tokens a step: --global-batch 1024 or --global-batch 4M");
  }
  if (const io::YamlNode* layout = io::value_of(document, "layout"))
    throw InputError(layout->location, "a search chooses the layout",
                     "leave it out; 'trainbudget estimate' takes it");
  if (io::value_of(document, "tokens") != nullptr) return;
  for (const auto& [option, text] :
       {std::pair("--deadline", texts.deadline), std::pair("--budget", texts.budget)}) {
    if (!text.empty())
      throw InputError(io::option_location(option, text),
                       std::string(option) + " is of a whole run: --tokens is missing");
  }
}

/// Clusters and accelerators, as variants of the scenario.
std::vector<sweep::Variant> hardware_variants(const io::YamlNode& document, const std::string& list,
                                              const io::ProfileFolder& profiles) {
  std::vector<sweep::Variant> variants;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string name = list.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty())
      throw InputError(io::option_location("--hardware", list),
                       "names of clusters or accelerators are wanted",
                       "--hardware h100-sxm-80gb,h200-sxm-141gb");
    const bool is_cluster = !profiles.meant(io::cluster_profiles, name).empty() &&
                            profiles.meant(io::accelerator_profiles, name).empty();
    sweep::Variant variant{name, document};
    io::remove_at_path(variant.document, "gpu");
    io::remove_at_path(variant.document, "cluster");
    io::YamlNode value = io::option_value("--hardware", name);
    const io::Location where = value.location;
    io::set_at_path(variant.document, is_cluster ? "cluster" : "gpu", std::move(value), where);
    variants.push_back(std::move(variant));
  }
  return variants;
}

double above_zero(const char* option, const std::string& text, io::QuantityKind kind) {
  const io::Location where = io::option_location(option, text);
  const double value = io::parse_quantity(text, kind, where);
  if (!(value > 0.0)) throw InputError(where, std::string(option) + " is above 0");
  return value;
}

/// The machines to search, each with its scenario.
Sweep machines_of(io::YamlNode document, const SearchOptionTexts& texts, const io::ProfileFolder& profiles) {
  Sweep machines;
  if (const io::YamlNode* gpus = io::value_of(document, "gpus"))
    machines.axes.push_back(sweep::read_axis("gpus", *gpus));
  if (io::value_of(document, "tokens") == nullptr) {
    io::YamlNode tokens = io::option_value("--tokens", assumed_tokens);
    const io::Location where = tokens.location;
    io::set_at_path(document, "tokens", std::move(tokens), where);
  }
  machines.variants = texts.hardware.empty() ? std::vector<sweep::Variant>{{"as given", document}}
                                             : hardware_variants(document, texts.hardware, profiles);
  if (!texts.deadline.empty())
    machines.constraints.deadline_seconds =
        above_zero("--deadline", texts.deadline, io::QuantityKind::seconds);
  if (!texts.budget.empty())
    machines.constraints.budget_usd = above_zero("--budget", texts.budget, io::QuantityKind::usd);
  if (machines.size() > most_machines)
    throw InputError({.file = "search"}, render::grouped(machines.size()) + " machines are more than 1,000",
                     "make the range of --gpus coarser");
  return machines;
}

void check_numbers(const SearchOptionTexts& texts) {
  if (texts.top < 1 || texts.top > most_shown)
    throw InputError(io::option_location("--top", std::to_string(texts.top)),
                     "--top is a number from 1 to 1000");
  if (texts.threads < 0 || texts.threads > most_threads)
    throw InputError(io::option_location("--threads", std::to_string(texts.threads)),
                     "--threads is a number from 1 to 1024");
}

sweep::Objective objective_named(const std::string& word) {
  const auto& words = sweep::objective_words;
  const auto* found = std::find(words.begin(), words.end(), word);
  if (found == words.end())
    throw InputError(io::option_location("--objective", word), "unknown objective '" + word + "'",
                     io::did_you_mean_or_list(word, {words.begin(), words.end()}));
  return static_cast<sweep::Objective>(found - words.begin());
}

sweep::Find find_with(int threads) {
  if (threads == 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return [threads](const StepPlan& plan, const SearchSpace& space, std::size_t kept) {
    return search_layouts(plan.workload, plan.machine, space, plan.profile.efficiency(),
                          {.kept = kept, .threads = threads});
  };
}

int run_search(const GlobalOptions& global, const ScenarioOptions& options, const SearchOptionTexts& texts) {
  check_numbers(texts);
  const sweep::RankingOptions wanted{.objective = objective_named(texts.objective),
                                     .kept = static_cast<std::size_t>(texts.top),
                                     .smaller_batches = texts.round_batch,
                                     .zero_bubble = texts.zero_bubble,
                                     .modules = texts.modules};
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const io::YamlNode document = options.document();
  check_document(document, texts);
  const Sweep machines = machines_of(document, texts, profiles);
  sweep::PointReader reader(machines, profiles);
  const sweep::Find find = global.team != nullptr ? find_together(*global.team) : find_with(texts.threads);
  ProgressLine progress("machines", static_cast<std::uint64_t>(machines.size()), 0);
  const sweep::LayoutRanking ranking =
      sweep::rank_layouts(machines, reader, wanted, find, [&](std::size_t done) { progress.update(done); });
  sweep::LayoutReport report{.ranking = ranking,
                             .constraints = machines.constraints,
                             .tokens_given = io::value_of(document, "tokens") != nullptr};
  for (const sweep::SearchedMachine& machine : ranking.machines) {
    if (machine.scenario) report.tokens = machine.scenario->tokens.value.value;
  }
  if (!ranking.best.empty()) {
    report.purchases = sweep::purchases(ranking, find);
  } else if (const auto nearest = sweep::nearest_machine(ranking); nearest && !ranking.nearest_miss) {
    report.fits_times = sweep::more_accelerators(ranking.machines[*nearest], find);
  }
  const int exit_code = ranking.best.empty() ? 1 : 0;
  if (global.team != nullptr && !global.team->leads()) return exit_code;
  emit(
      [&](Format format, render::Style style) -> std::string {
        if (format == Format::json) return sweep::layout_json(report);
        const render::Table table = sweep::layout_table(report);
        if (format == Format::csv) return render::table_csv(table);
        const bool markdown = format == Format::markdown;
        std::string text;
        if (!ranking.best.empty())
          text = (markdown ? render::table_markdown(table) : render::table_text(table, style)) + "\n";
        for (const std::string& finding : sweep::layout_findings(report))
          text += (markdown ? "- " : "") + finding + "\n";
        return text;
      },
      global.output);
  say_beside_csv("", sweep::layout_warnings(report), global.output);
  return exit_code;
}

}  // namespace

AddedCommand add_search_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("search", "The best layouts that fit, and what bounds them");
  const auto options = std::make_shared<ScenarioOptions>(*app);
  const auto texts = std::make_shared<SearchOptionTexts>();
  app->add_option("--objective", texts->objective, "What is least: time (default), cost, energy")
      ->type_name("WORD");
  app->add_option("--hardware", texts->hardware,
                  "Clusters or accelerators to choose from: h100-sxm-80gb,hgx-h200")
      ->type_name("NAMES");
  app->add_option("--deadline", texts->deadline, "Longest wall time: '60 days'")->type_name("TIME");
  app->add_option("--budget", texts->budget, "Most that it may cost: '$2M'")->type_name("MONEY");
  app->add_option("--top", texts->top, "How many to show; default: 10")->type_name("COUNT");
  app->add_option("--threads", texts->threads, "Default: as many as there are cores")->type_name("COUNT");
  app->add_flag("--round-batch", texts->round_batch,
                "Replicas that do not share the batch evenly train the largest below it that they do");
  app->add_flag("--zero-bubble", texts->zero_bubble,
                "Also try zero-bubble pipelines; few frameworks have them");
  app->add_flag(
      "--recompute-modules", texts->modules,
      "Also try recomputing norms, latent projections and expert activations, as Megatron-Core can");
  app->footer(
      "Examples:\n  trainbudget search --model gpt-3-175b --cluster hgx-a100-80gb --gpus 4096 --global-batch "
      "1536\n"
      "  trainbudget search --model llama-3-70b --tokens 2T --hardware h100-sxm-80gb,h200-sxm-141gb "
      "--gpus '512..8192*2' --global-batch 4M --objective cost --deadline '60 days'");
  return {app, [=, &global] { return run_search(global, *options, *texts); }, true};
}

}  // namespace trainbudget::cli
