// trainbudget track: how a run in progress goes, from its log.
#include "cli/command.h"
#include "cli/scenario_options.h"
#include "core/date.h"
#include "core/log_intervals.h"
#include "io/file.h"
#include "io/log/log_format.h"
#include "io/measured_steps_file.h"
#include "io/price_table.h"
#include "io/quantity_text.h"
#include "io/tracked_scenario.h"
#include "render/progress_report.h"

#include <cmath>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

namespace trainbudget::cli {
namespace {

struct TrackOptions {
  std::string log;
  std::string format;
  std::string elapsed;
  std::string steps_csv;
};

/// A row of measured steps is of the run as the log has it.
void check_measured(const TrainingLog& log, const Scenario& scenario, const io::Location& where) {
  if (!scenario.step) return;  // refused by its writer
  const auto refuse = [&](const char* key, const char* option, double given, double logged) {
    throw io::InputError(where, fmt::format("{} is {:.0f}, and {:.0f} in the log", key, given, logged),
                         fmt::format("what was measured has that of the log: {} {:.0f}", option, logged));
  };
  const double batch = scenario.step->global_batch;
  const double length = scenario.step->workload.sequence_length;
  const double gpus = scenario.gpus.value;
  if (log.gpus && *log.gpus != gpus) refuse("gpus", "--gpus", gpus, *log.gpus);
  if (log.sequence_length && *log.sequence_length != length)
    refuse("sequence_length", "--sequence-length", length, *log.sequence_length);
  if (const auto logged = contradicting_batch(log, batch, length))
    refuse("global_batch, in sequences,", "--global-batch", batch, *logged);
}

/// Writes the steps of the log for `calibrate --from`.
void write_steps(const TrackOptions& options, const TrainingLog& log, const Progress& progress,
                 const Scenario& scenario) {
  const io::Location where = io::option_location("--steps-csv", options.steps_csv);
  if (log.even)
    throw io::InputError(where, "the log has one time for all its steps: what a step took is not known");
  check_measured(log, scenario, where);
  constexpr double day = 86400.0;
  const bool dated = log.dated && progress.last_time;
  const std::string date =
      dated ? io::date_text(date_of(static_cast<int>(std::floor(*progress.last_time / day)))).substr(0, 7)
            : "";
  const std::string name = std::filesystem::path(options.log).filename().string();
  io::write_file(options.steps_csv,
                 io::measured_steps_csv(scenario,
                                        {.id = name,
                                         .tokens_per_second = progress.tokens_per_second,
                                         .date = date,
                                         .note = std::to_string(log.records.size()) + " records of " + name},
                                        where));
}

/// No accelerator is faster than its peak: one of the numbers that this comes from is wrong.
void check_possible(const Progress& progress, const TrainingLog& log, const Scenario& scenario,
                    const io::Location& where) {
  if (progress.model_flops_utilization.value_or(0.0) <= 1.0) return;
  const bool contradicts = log.gpus && *log.gpus != scenario.gpus.value;
  throw io::InputError(
      where,
      fmt::format("the steps are {:.3g} times as fast as the peak of {:.0f} × {} at {}",
                  *progress.model_flops_utilization, scenario.gpus.value, scenario.accelerator.name,
                  name_of(scenario.precision.value)),
      fmt::format("check --gpus{}, --sequence-length, --global-batch, --precision and the model",
                  contradicts ? fmt::format(" (the log says {:.0f})", *log.gpus) : ""));
}

/// Nothing that trains is that far below its peak, but a small model may be: told, where a slip of units
/// would show.
void warn_of_slowness(const Progress& progress, const TrainingLog& log, const std::string& file,
                      std::vector<std::string>& warnings) {
  constexpr double least_share_of_peak = 0.01;
  if (progress.model_flops_utilization.value_or(1.0) >= least_share_of_peak) return;
  const bool has_columns = log.format == "csv" || log.format == "wandb";
  warnings.push_back(fmt::format("{}:{}: slower than one hundredth of the peak ({:.2g} % of it): {}", file,
                                 log.records.front().line, 100.0 * *progress.model_flops_utilization,
                                 has_columns ? "are the seconds milliseconds?"
                                             : "are the GPUs, the model and the batch those of the log?"));
}

/// A last step may end beyond the plan, not a whole run.
void warn_of_surplus(const Progress& progress, std::vector<std::string>& warnings) {
  constexpr double last_step = 0.01;
  if (progress.tokens <= (1.0 + last_step) * progress.total_tokens) return;
  const auto text = [](double tokens) { return io::format_quantity(tokens, io::QuantityKind::count, 4); };
  warnings.push_back("the log has trained on " + text(progress.tokens) + " tokens, and the run is to have " +
                     text(progress.total_tokens) + ": is --tokens, or the batch, that of this log?");
}

render::ProgressReport track(const TrackOptions& options, const io::YamlNode& document,
                             const io::ProfileFolder& profiles) {
  const TrainingLog log = io::read_training_log(options.log, options.format);
  io::TrackedScenario tracked = io::read_tracked_scenario(document, log, profiles);
  if (!options.elapsed.empty()) {
    const io::Location where = io::option_location("--elapsed", options.elapsed);
    const double elapsed = io::parse_quantity(options.elapsed, io::QuantityKind::seconds, where);
    constexpr double most_seconds = 1e10;
    if (!(elapsed >= 1e-3 && elapsed <= most_seconds))
      throw io::InputError(where, "a time above zero, of three hundred years at the most, is wanted");
    tracked.run.elapsed_seconds = elapsed;
  }
  if (const std::string problem = progress_problem(log, tracked.run); !problem.empty())
    throw io::InputError(io::option_location("--log", options.log), problem);
  Progress progress = progress_of(log, tracked.run);
  check_possible(progress, log, tracked.scenario, io::option_location("--log", options.log));
  warn_of_slowness(progress, log, options.log, tracked.warnings);
  warn_of_surplus(progress, tracked.warnings);
  ProgressBill bill = bill_of(progress, tracked.scenario, tracked.plan ? &*tracked.plan : nullptr);
  if (bill.paid_ahead)
    tracked.warnings.emplace_back(
        "a commitment or a block is paid whether used or not, and when it falls due is not known: what is "
        "spent "
        "so far counts the hours used, and is not held against the plan; the final bill counts it");
  if (!options.steps_csv.empty()) write_steps(options, log, progress, tracked.scenario);
  return {.title = std::move(tracked.title),
          .format = log.format,
          .records = static_cast<double>(log.records.size()),
          .accelerator = std::move(tracked.accelerator),
          .gpus = tracked.run.gpus,
          .progress = std::move(progress),
          .bill = bill,
          .plan = std::move(tracked.plan),
          .assumptions = std::move(tracked.assumptions),
          .warnings = std::move(tracked.warnings)};
}

}  // namespace

AddedCommand add_track_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("track", "A run in progress, from its log: spent, forecast, bill");
  const auto options = std::make_shared<TrackOptions>();
  app->add_option("--log", options->log, "The training log; '-' is standard input")
      ->type_name("FILE")
      ->required()
      ->group("Log");
  std::string names;
  for (const io::LogFormat& format : io::log_formats())
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  app->add_option("--log-format", options->format, "Default: what the log looks like. " + names)
      ->type_name("NAME")
      ->group("Log");
  app->add_option("--elapsed", options->elapsed,
                  "Time since the start, for a log without any: '3.5 days'; spread over the steps")
      ->type_name("TIME")
      ->group("Log");
  app->add_option("--steps-csv", options->steps_csv,
                  "Also write the steps as 'calibrate --from' takes them; needs the layout")
      ->type_name("FILE")
      ->group("Log");
  const auto scenario = std::make_shared<ScenarioOptions>(*app, "scenario,--plan");
  app->footer(
      "With a model and hardware, by options or by --plan FILE, the estimate is the plan to compare with.\n\n"
      "Examples:\n"
      "  trainbudget track --log train_log.txt --model rwkv-7-1.5b --tokens 1T --price '$2/h' --gpus 8\n"
      "  trainbudget track --log megatron.out --plan scenario.yaml\n"
      "  trainbudget track --log megatron.out --plan scenario.yaml --steps-csv steps.csv");
  return {app, [=, &global] {
            const render::ProgressReport report =
                track(*options, scenario->document(), io::profile_folder(global.profiles));
            emit(renderer_of(report, render::progress_text, render::progress_json, render::progress_csv,
                             render::progress_markdown),
                 global.output);
            say_beside_csv("Beware: ", report.warnings, global.output);
            return 0;
          }};
}

}  // namespace trainbudget::cli
