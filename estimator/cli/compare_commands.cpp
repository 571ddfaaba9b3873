// trainbudget diff: two estimates, term by term. trainbudget check: an estimate against limits, for CI.
#include "cli/command.h"
#include "core/difference.h"
#include "core/gate.h"
#include "io/estimate_file.h"
#include "io/input_error.h"
#include "io/map_reader.h"
#include "io/price_table.h"
#include "io/profile_folder.h"
#include "io/quantity_text.h"
#include "io/scenario_document.h"
#include "render/gate_report.h"

#include <array>
#include <memory>

namespace trainbudget::cli {
namespace {

constexpr const char* file_help = "Report of estimate --format json, or scenario; '-' is standard input";

struct DiffOptions {
  std::string before;
  std::string after;
  bool exit_code = false;
};

int run_diff(const GlobalOptions& global, const DiffOptions& options) {
  if (options.before == "-" && options.after == "-")
    throw io::InputError({.file = "diff"}, "standard input can be only one of the two");
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const Estimate before = io::load_estimate(options.before, profiles);
  const Estimate after = io::load_estimate(options.after, profiles);
  const render::DifferenceReport report{difference(before, after), options.before, options.after};
  emit(renderer_of(report, render::difference_text, render::difference_json, render::difference_csv,
                   render::difference_markdown),
       global.output);
  return options.exit_code && !report.difference.empty() ? 1 : 0;
}

struct CheckOptions {
  std::string file;
  std::vector<std::string> settings;
  std::string fit_at;
  std::string cost;
  std::string total;
  std::string days;
  std::string finish;
  std::string gpu_hours;
  std::string energy;
  std::string co2;
  bool fit = false;
  std::string quantile = "p50";
  std::string against;
};

std::optional<double> limit(const std::string& option, const std::string& text, io::QuantityKind kind,
                            double unit = 1.0) {
  if (text.empty()) return std::nullopt;
  const double value = io::read_quantity_value(io::option_value(option, text), kind);
  constexpr double most = 1e30;
  if (!(value >= 1.0 / most && value <= most))
    throw io::InputError(io::option_location(option, text),
                         "a limit above zero that can be reached is wanted");
  return value * unit;
}

/// `30 days` as any duration; a number without a unit counts days.
std::optional<double> days_limit(const std::string& option, const std::string& text) {
  const bool bare = text.find_first_not_of("0123456789.,_ ") == std::string::npos;
  return bare ? limit(option, text, io::QuantityKind::count, 86400.0)
              : limit(option, text, io::QuantityKind::seconds);
}

Limits limits_of(const CheckOptions& options) {
  constexpr std::array<std::string_view, 3> words{"p10", "p50", "p90"};
  return {.cost_usd = limit("--max-cost", options.cost, io::QuantityKind::usd),
          .total_usd = limit("--max-total", options.total, io::QuantityKind::usd),
          .wall_time_seconds = days_limit("--max-days", options.days),
          .finish_by = options.finish.empty()
                           ? std::nullopt
                           : std::optional(io::parse_date(
                                 options.finish, io::option_location("--finish-by", options.finish))),
          .gpu_hours = limit("--max-gpu-hours", options.gpu_hours, io::QuantityKind::count),
          .energy_joules = limit("--max-energy", options.energy, io::QuantityKind::joules),
          .co2_grams = limit("--max-co2", options.co2, io::QuantityKind::grams),
          .fit = options.fit,
          .quantile = static_cast<Quantile>(
              io::read_word(io::option_value("--quantile", options.quantile), "quantile", words))};
}

int run_check(const GlobalOptions& global, const CheckOptions& options) {
  const Limits limits = limits_of(options);
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  std::vector<std::string> settings = options.settings;
  if (!options.fit_at.empty()) settings.push_back("fit=" + options.fit_at);
  const Estimate estimate = io::load_estimate(options.file, profiles, settings);
  render::GateReport report{.name = estimate.name,
                            .quantile = limits.quantile,
                            .conditions = conditions(estimate, limits),
                            .warnings = {},
                            .against = std::nullopt};
  if (report.conditions.empty()) {
    throw io::InputError(
        {.file = "check"}, "there is nothing to check",
        "give a limit: --max-cost, --max-total, --max-days, --finish-by, --max-gpu-hours, --max-energy, "
        "--max-co2 or --require-fit");
  }
  report.warnings = gate_warnings(estimate, limits, report.conditions);
  if (!options.against.empty()) {
    const Estimate base = io::load_estimate(options.against, profiles);
    report.against = {difference(base, estimate), options.against, options.file};
  }
  emit(renderer_of(report, render::gate_text, render::gate_json, render::gate_csv, render::gate_markdown),
       global.output);
  return all_hold(report.conditions) ? 0 : 1;
}

AddedCommand add_diff_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("diff", "Two estimates, term by term");
  const auto options = std::make_shared<DiffOptions>();
  app->add_option("before", options->before, file_help)->type_name("FILE")->required();
  app->add_option("after", options->after, file_help)->type_name("FILE")->required();
  app->add_flag("--exit-code", options->exit_code, "Exit with 1 when the two differ");
  app->footer("Example:\n  trainbudget diff before.json after.json --exit-code");
  return {app, [=, &global] { return run_diff(global, *options); }};
}

AddedCommand add_check_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app =
      parent.add_subcommand("check", "An estimate against limits; exits with 1 when one is broken");
  const auto options = std::make_shared<CheckOptions>();
  app->add_option("file", options->file, file_help)->type_name("FILE")->required();
  app->add_option("--set", options->settings, "Set any key of a scenario (repeatable)")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->take_all();
  app->add_option("--fit", options->fit_at,
                  "Of a scenario, memory that fits where the layout is chosen: p50 (default), p90")
      ->type_name("QUANTILE");
  app->add_option("--max-cost", options->cost, "At most this: '$50k'")->type_name("USD");
  app->add_option("--max-total", options->total,
                  "The same for the whole bill, with storage, staff, contingency ...")
      ->type_name("USD");
  app->add_option("--finish-by", options->finish,
                  "The run has ended on this day: 2027-03-31; needs its start")
      ->type_name("DATE");
  app->add_option("--max-days", options->days, "Wall time, at most: 30, '30 days', 720h")->type_name("DAYS");
  app->add_option("--max-gpu-hours", options->gpu_hours, "At most this: 100k")->type_name("HOURS");
  app->add_option("--max-energy", options->energy, "At most this: 50MWh")->type_name("ENERGY");
  app->add_option("--max-co2", options->co2, "CO2e, at most this: 10t")->type_name("MASS");
  app->add_flag("--require-fit", options->fit, "The fullest GPU must have the memory");
  app->add_option("--quantile", options->quantile, "Of ranges, what must keep to the limits: p10, p50, p90")
      ->type_name("NAME");
  app->add_option("--against", options->against, "Also show the difference to this estimate")
      ->type_name("FILE");
  app->footer(
      "What an estimate does not know (a cost without a price) does not pass.\n"
      "Example:\n  trainbudget check scenarios/rwkv-4-14b.yaml --max-cost '$50k' --max-days 30 --format md");
  return {app, [=, &global] { return run_check(global, *options); }};
}

}  // namespace

std::vector<AddedCommand> add_compare_commands(CLI::App& parent, const GlobalOptions& global) {
  return {add_diff_command(parent, global), add_check_command(parent, global)};
}

}  // namespace trainbudget::cli
