// trainbudget backtest: predicts published measurements, and says how far off it is.
#include "calibration/backtest.h"
#include "cli/command.h"
#include "io/measured_run_file.h"
#include "io/profile_folder.h"
#include "io/yaml_node.h"
#include "render/backtest_report.h"

#include <map>
#include <memory>
#include <set>

namespace trainbudget::cli {
namespace {

struct BacktestOptions {
  std::string corpus;
  std::string holdout = "all";
};

bool scorable(const MeasuredRun& run) {
  return run.inexpressible.empty();
}

std::vector<Observation> observations_of(const io::MeasuredRuns& runs, bool with_doubtful) {
  std::vector<Observation> observations;
  for (const MeasuredRun& run : runs.runs) {
    if (scorable(run) && (with_doubtful || !run.doubtful))
      observations.push_back(
          observe(run, runs.accelerators.at(run.accelerator), runs.clusters.at(run.cluster)));
  }
  return observations;
}

/// The sets that errors are reported for: all, dense in 16 bit, and by source, accelerator, precision and
/// architecture.
std::map<std::string, std::function<bool(const MeasuredRun&)>> sets_of(const io::MeasuredRuns& runs) {
  std::map<std::string, std::function<bool(const MeasuredRun&)>> sets;
  for (const MeasuredRun& run : runs.runs) {
    if (!scorable(run) || run.doubtful) continue;
    const auto by = [&](const std::string& kind, auto property) {
      const std::string value(property(run));
      sets.emplace(kind + " " + value,
                   [=](const MeasuredRun& other) { return std::string(property(other)) == value; });
    };
    by("source", [](const MeasuredRun& r) { return r.group; });
    by("accelerator", [](const MeasuredRun& r) { return r.accelerator; });
    by("precision", [](const MeasuredRun& r) { return name_of(r.run.precision); });
    by("architecture", [](const MeasuredRun& r) { return r.architecture; });
  }
  return sets;
}

void add_summaries(render::BacktestReport& report, const std::string& holdout,
                   const std::vector<PredictedRun>& predictions, const io::MeasuredRuns& runs) {
  const auto add = [&](const std::string& name, const std::function<bool(const MeasuredRun&)>& counted) {
    const ErrorSummary s =
        summarize_errors(predictions, [&](const MeasuredRun& run) { return !run.doubtful && counted(run); });
    if (s.rows > 0)
      report.summary.push_back({holdout, name, s.rows, s.median, s.mean, s.p90, s.bias, s.coverage});
  };
  add("all", [](const MeasuredRun&) { return true; });
  add("dense 16-bit", is_dense_16_bit);
  for (const auto& [name, counted] : sets_of(runs))
    add(name, counted);
}

/// Memory by rules alone (core/memory.h at typical values, nothing fitted), by source.
void add_memory(render::BacktestReport& report, const std::vector<Observation>& scored) {
  std::map<std::string, std::vector<double>> errors;
  for (const Observation& row : scored) {
    if (!row.run->peak_memory_bytes || row.run->doubtful || !row.run->layout_stated) continue;
    const double error = row.predicted_memory(typical_efficiency()) / *row.run->peak_memory_bytes;
    errors["source " + row.run->group + ", " + row.run->architecture].push_back(error);
  }
  for (const auto& [set, ratios] : errors) {
    const ErrorSummary s = summarize_ratios(ratios);
    report.summary.push_back({"memory_by_rules", set, s.rows, s.median, s.mean, s.p90, s.bias, {}});
  }
}

std::vector<Holdout> holdouts_named(const std::string& word) {
  std::vector<Holdout> all;
  for (std::size_t i = 0; i < holdout_words.size(); ++i) {
    all.push_back(static_cast<Holdout>(i));
    if (word == holdout_words[i]) return {static_cast<Holdout>(i)};
  }
  if (word == "all") return all;
  throw io::InputError(io::option_location("--holdout", word),
                       "unknown way '" + word + "' of holding rows out",
                       "one of within_stack, leave_source_out, after_ten_rows, all");
}

int run_backtest(const GlobalOptions& global, const BacktestOptions& options) {
  const std::vector<Holdout> holdouts = holdouts_named(options.holdout);
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const io::MeasuredRuns published = io::read_published_runs(profiles);
  io::MeasuredRuns own;
  if (!options.corpus.empty())
    own = io::read_measured_runs(io::read_csv_file(options.corpus), io::read_run_names(profiles), profiles);
  const io::MeasuredRuns& runs = options.corpus.empty() ? published : own;

  const std::vector<Observation> known = observations_of(published, false);
  const std::vector<Observation> scored = observations_of(runs, true);
  render::BacktestReport report{.listed = static_cast<int>(runs.runs.size())};
  for (const MeasuredRun& run : runs.runs) {
    if (!scorable(run))
      ++report.inexpressible;
    else if (run.doubtful)
      ++report.doubtful;
  }
  for (const Holdout holdout : holdouts) {
    const std::string word(holdout_words[static_cast<std::size_t>(holdout)]);
    const std::vector<PredictedRun> predictions = backtest(scored, known, holdout);
    std::map<const MeasuredRun*, const PredictedRun*> found;
    for (const PredictedRun& prediction : predictions)
      found[prediction.run] = &prediction;
    for (const MeasuredRun& run : runs.runs) {
      const auto prediction = found.find(&run);
      if (prediction == found.end()) {
        if (!scorable(run)) report.rows.push_back({.run = &run, .holdout = word});
        continue;
      }
      const PredictedRun& p = *prediction->second;
      report.rows.push_back({&run, word, true, p.p10, p.p50, p.p90, p.profile});
    }
    add_summaries(report, word, predictions, runs);
  }
  add_memory(report, scored);
  emit(
      [&](Format format, render::Style style) {
        switch (format) {
          case Format::json:
            return render::backtest_json(report);
          case Format::csv:
            return render::backtest_csv(report);
          case Format::markdown:
            return render::backtest_markdown(report);
          case Format::table:
            break;
        }
        return render::backtest_text(report, style);
      },
      global.output);
  return 0;
}

}  // namespace

AddedCommand add_backtest_command(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("backtest", "Predict published measurements, and say how far off");
  const auto options = std::make_shared<BacktestOptions>();
  app->add_option("--corpus", options->corpus,
                  "Measurements to predict, in the columns of published_runs/steps.csv; default: those")
      ->type_name("FILE");
  app->add_option("--holdout", options->holdout,
                  "What the fit may not have seen: within_stack (the row), leave_source_out, after_ten_rows, "
                  "all")
      ->type_name("WAY");
  app->footer("Example:\n  trainbudget backtest --holdout within_stack");
  return {app, [=, &global] { return run_backtest(global, *options); }};
}

}  // namespace trainbudget::cli
