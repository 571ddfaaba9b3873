// trainbudget backtest: predicts published measurements, and says how far off it is.
#include "calibration/backtest.h"
#include "cli/command.h"
#include "core/estimate.h"
#include "core/run_scatter.h"
#include "io/measured_run_file.h"
#include "io/profile_folder.h"
#include "io/whole_run_file.h"
#include "io/yaml_node.h"
#include "render/backtest_report.h"
#include "render/number_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace trainbudget::cli {
namespace {

struct BacktestOptions {
  std::string corpus;
  std::string holdout = "all";
  bool runs = false;
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
      std::string name = kind;
      name.append(" ").append(value);
      sets.emplace(std::move(name),
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
  add("dense 16-bit, shape published",
      [](const MeasuredRun& run) { return is_dense_16_bit(run) && run.shape_stated; });
  add("dense 16-bit, no noise stated by its source",
      [](const MeasuredRun& run) { return is_dense_16_bit(run) && run.stated_noise == 0.0; });
  for (const auto& [name, counted] : sets_of(runs))
    add(name, counted);
}

/// Memory, by source: by rules alone (core/memory.h at typical values, nothing fitted), and by fits that have
/// not seen the row, or nothing of its source.
void add_memory(render::BacktestReport& report, const std::vector<Observation>& scored,
                const std::vector<Observation>& known) {
  const auto with_memory = [](const std::vector<Observation>& rows) {
    std::vector<Observation> found;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(found),
                 [](const Observation& row) { return row.has_memory() && !row.run->doubtful; });
    return found;
  };
  const std::vector<Observation> rows = with_memory(scored);
  const std::vector<Observation> fitted = with_memory(known);
  std::map<std::string, std::vector<const MeasuredRun*>> sets;
  for (const Observation& row : rows)
    sets["source " + row.run->group + ", " + row.run->architecture].push_back(row.run);
  const auto add = [&](const std::string& holdout, const std::vector<PredictedRun>& predictions,
                       bool ranged) {
    for (const auto& set : sets) {
      const std::vector<const MeasuredRun*>& runs = set.second;
      const ErrorSummary s = summarize_errors(predictions, [&](const MeasuredRun& run) {
        return std::find(runs.begin(), runs.end(), &run) != runs.end();
      });
      if (s.rows > 0)
        report.summary.push_back({holdout, set.first, s.rows, s.median, s.mean, s.p90, s.bias,
                                  ranged ? std::optional(s.coverage) : std::nullopt});
    }
  };
  std::vector<PredictedRun> by_rules;
  for (const Observation& row : rows) {
    const double bytes = row.predicted_memory(typical_efficiency());
    by_rules.push_back({row.run, *row.run->peak_memory_bytes, bytes, bytes, bytes, "rules"});
  }
  add("memory_by_rules", by_rules, false);
  for (const Holdout holdout : {Holdout::folds, Holdout::source}) {
    add("memory_" + std::string(holdout_words[static_cast<std::size_t>(holdout)]),
        backtest(rows, fitted, holdout, of_memory), true);
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
                       "one of within_stack, leave_source_out, after_ten_rows, leave_kind_out, all");
}

/// How the hours of a whole run were predicted.
enum class Way : std::uint8_t { rule, steps };
constexpr std::string_view name_of(Way way) {
  return way == Way::rule ? "rule" : "steps";
}

/// A whole run and what was predicted for it, the scatter of whole runs left out.
struct RunPrediction {
  WholeRun run;
  Way way = Way::rule;
  std::optional<Range> gpu_hours;

  bool scored() const { return gpu_hours && run.check.empty(); }
};

/// Each run by the rule of thumb, and those that say enough by their computed steps as well.
std::vector<RunPrediction> predict_whole_runs(const io::ProfileFolder& profiles) {
  std::vector<RunPrediction> predictions;
  for (const WholeRun& run : io::read_published_whole_runs(profiles)) {
    std::optional<Range> hours;
    if (run.inexpressible.empty()) hours = estimate(io::scenario_before(run, profiles)).gpu_hours;
    predictions.push_back({run, Way::rule, hours});
    if (run.has_steps())
      predictions.push_back(
          {run, Way::steps, estimate(io::computed_scenario_before(run, profiles)).gpu_hours});
  }
  return predictions;
}

/// The scatter of all scored runs that were predicted the same way, but `left_out`.
Range scatter_without(const RunPrediction& left_out, const std::vector<RunPrediction>& predictions) {
  std::vector<PredictedHours> others;
  for (const RunPrediction& other : predictions) {
    if (other.run.id != left_out.run.id && other.way == left_out.way && other.scored())
      others.push_back({other.run.gpu_hours, *other.gpu_hours, other.run.publisher});
  }
  return run_scatter(others);
}

/// What scored runs were off by, one way.
struct WayScore {
  std::vector<double> ratios;
  int inside = 0;

  std::string text(Way way) const {
    const ErrorSummary summary = summarize_ratios(ratios);
    return std::to_string(summary.rows) + " scored by " +
           (way == Way::rule ? "the rule of thumb" : "computed steps") + ": median error of GPU-hours " +
           render::number_text(summary.median, Unit::fraction) + ", mean " +
           render::number_text(summary.mean, Unit::fraction) + "; " + std::to_string(inside) +
           " inside P10-P90\n";
  }
};

/// Whole runs, end to end: hours and days against what was published. The range of each is as wide as the
/// others scatter.
int run_whole_runs(const GlobalOptions& global) {
  const std::vector<RunPrediction> predictions = predict_whole_runs(io::profile_folder(global.profiles));
  render::Table table{.columns = {{"id", "Run"},
                                  {"predicted_by", "By"},
                                  {"accelerator", "Accelerator"},
                                  {"measured_gpu_hours", "Used", true},
                                  {"p10", "P10", true},
                                  {"p50", "P50", true},
                                  {"p90", "P90", true},
                                  {"measured_days", "Days", true},
                                  {"days_p50", "P50", true},
                                  {"error", "Error", true},
                                  {"inside", "Inside"},
                                  {"remark", "Remark", false, true}}};
  const auto number = [](double value) {
    return value > 0.0 ? render::Cell::of(render::number_text(value, Unit::count), value)
                       : render::Cell::unknown();
  };
  std::map<Way, WayScore> scores;
  std::set<std::string> runs;
  for (const RunPrediction& prediction : predictions) {
    const WholeRun& run = prediction.run;
    runs.insert(run.id);
    std::vector<render::Cell> cells{render::Cell::of(run.id),
                                    render::Cell::of(std::string(name_of(prediction.way))),
                                    render::Cell::of(run.accelerator), number(run.gpu_hours)};
    if (!prediction.gpu_hours) {
      cells.insert(cells.end(), 7, render::Cell::unknown());
      cells.push_back(render::Cell::of("not predicted: " + run.inexpressible));
      table.rows.push_back(std::move(cells));
      continue;
    }
    const Range hours = combined(*prediction.gpu_hours, scatter_without(prediction, predictions));
    const double ratio = hours.p50 / run.gpu_hours;
    const bool is_inside = run.gpu_hours >= hours.p10 && run.gpu_hours <= hours.p90;
    if (prediction.scored()) {
      WayScore& score = scores[prediction.way];
      score.ratios.push_back(ratio);
      score.inside += is_inside ? 1 : 0;
    }
    for (const double value : {hours.p10, hours.p50, hours.p90})
      cells.push_back(number(value));
    cells.push_back(number(run.days));
    cells.push_back(number(run.accelerators > 0.0 ? hours.p50 / run.accelerators / 24.0 : 0.0));
    cells.push_back(render::Cell::of(render::number_text(ratio - 1.0, Unit::fraction), ratio - 1.0));
    cells.push_back({is_inside ? "yes" : "no", is_inside});
    cells.push_back(render::Cell::of(run.check.empty() ? run.gpu_hours_kind : "not scored: " + run.check));
    table.rows.push_back(std::move(cells));
  }
  emit(renderer_of(table), global.output);
  std::string text = std::to_string(runs.size()) + " whole runs\n";
  for (const auto& [way, score] : scores)
    text += score.text(way);
  say(text);
  return 0;
}

int run_backtest(const GlobalOptions& global, const BacktestOptions& options) {
  const std::vector<Holdout> holdouts = holdouts_named(options.holdout);
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  io::MeasuredRuns own;
  if (!options.corpus.empty())
    own = io::read_measured_runs(io::read_csv_file(options.corpus), io::read_run_names(profiles), profiles);
  const io::MeasuredRuns published = io::read_published_runs(profiles);
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
  add_memory(report, scored, known);
  emit(renderer_of(report, render::backtest_text, render::backtest_json, render::backtest_csv,
                   render::backtest_markdown),
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
                  "leave_kind_out (the stack's rows of that kind of models), all")
      ->type_name("WAY");
  app->add_flag("--runs", options->runs, "Predict whole published runs instead: GPU-hours and days");
  app->footer("Example:\n  trainbudget backtest --holdout within_stack");
  return {app,
          [=, &global] { return options->runs ? run_whole_runs(global) : run_backtest(global, *options); }};
}

}  // namespace trainbudget::cli
