#include "calibration/backtest.h"

#include "core/quantile.h"
#include "core/step_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <thread>

namespace trainbudget {
namespace {

constexpr int fold_count = 8;
constexpr std::size_t rows_of_new_source = 10;

/// FNV-1a with a final mix: the same folds on every machine.
std::uint32_t hash(std::string_view text) {
  std::uint32_t value = 2166136261u;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= 16777619u;
  }
  value ^= value >> 13;
  value *= 0x5bd1e995u;
  return value ^ (value >> 15);
}

/// Tables of one source repeat what others of it say: the same time of the same layout is one measurement.
bool same_measurement(const MeasuredRun& a, const MeasuredRun& b) {
  return a.group == b.group && a.step_seconds == b.step_seconds && a.accelerator == b.accelerator &&
         a.run.layout == b.run.layout && a.run.global_batch == b.run.global_batch;
}

/// The first row that is the same measurement: both are in one fold, so that neither is taught by the other.
const MeasuredRun& original(std::span<const Observation> rows, std::size_t row) {
  for (std::size_t i = 0; i < row; ++i) {
    if (same_measurement(*rows[i].run, *rows[row].run)) return *rows[i].run;
  }
  return *rows[row].run;
}

/// One fit and the rows that it predicts.
struct HeldOut {
  std::vector<const Observation*> fitted;
  std::vector<std::size_t> scored;
};

/// A software stack and a kind of models.
std::string stack_and_kind(const Observation& row) {
  return row.run->stack + " " + name_of(kind_of(row.workload));
}

/// All rows but those of one stack with one kind of models. Rows of a stack that has no other kind are not
/// scored: they are those of an unknown stack.
std::vector<HeldOut> splits_by_kind(std::span<const Observation> scored, std::span<const Observation> known) {
  std::map<std::string, HeldOut> parts;
  for (std::size_t i = 0; i < scored.size(); ++i)
    parts[stack_and_kind(scored[i])].scored.push_back(i);
  std::vector<HeldOut> splits;
  for (auto& [kind, split] : parts) {
    const std::string& stack = scored[split.scored.front()].run->stack;
    bool known_stack = false;
    for (const Observation& row : known) {
      if (stack_and_kind(row) == kind) continue;
      split.fitted.push_back(&row);
      known_stack = known_stack || row.run->stack == stack;
    }
    if (known_stack) splits.push_back(std::move(split));
  }
  return splits;
}

std::vector<HeldOut> splits_of(std::span<const Observation> scored, std::span<const Observation> known,
                               Holdout holdout) {
  std::map<std::string, std::vector<std::size_t>> parts;
  for (std::size_t i = 0; i < scored.size(); ++i) {
    const MeasuredRun& run = *scored[i].run;
    const bool by_fold = holdout == Holdout::folds;
    parts[by_fold ? std::to_string(hash(original(scored, i).id) % fold_count) : run.group].push_back(i);
  }
  std::vector<HeldOut> splits;
  for (auto& [part, rows] : parts) {
    std::set<std::string_view> taught;  // rows of the new source that the fit may see
    if (holdout == Holdout::source_ten) {
      std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
        return hash(scored[a].run->id) < hash(scored[b].run->id);
      });
      for (const std::size_t row : rows) {
        if (taught.size() < rows_of_new_source && !scored[row].run->doubtful)
          taught.insert(scored[row].run->id);
      }
      std::erase_if(rows, [&](std::size_t row) {
        return std::any_of(scored.begin(), scored.end(), [&](const Observation& other) {
          return taught.contains(other.run->id) && same_measurement(*other.run, *scored[row].run);
        });
      });
    }
    HeldOut split;
    std::set<std::string_view> hidden;
    for (const std::size_t row : rows)
      hidden.insert(scored[row].run->id);
    std::set<std::string_view> seen;
    for (const std::span<const Observation> set : {known, scored}) {
      for (const Observation& observation : set) {
        const MeasuredRun& run = *observation.run;
        const bool same_source = holdout != Holdout::folds && run.group == part;
        const bool of_this_set = set.data() == known.data() || taught.contains(run.id);
        if (!of_this_set || hidden.contains(run.id) || (same_source && !taught.contains(run.id))) continue;
        if (seen.insert(run.id).second) split.fitted.push_back(&observation);
      }
    }
    split.scored = rows;
    if (!rows.empty()) splits.push_back(std::move(split));
  }
  return splits;
}

PredictedRun predicted(const Fit& fit, const Observation& row, double widening, double unseen,
                       Target target) {
  const Fit::Prediction prediction = fit.predict(row);
  const double deviations = p90_deviations * std::hypot(widening * prediction.spread, unseen);
  return {.run = row.run,
          .measured = std::exp(row.log_measured_of(target)),
          .p10 = prediction.value * std::exp(-deviations),
          .p50 = prediction.value,
          .p90 = prediction.value * std::exp(deviations),
          .profile = row.run->accelerator + "/" + row.run->stack};
}

/// Rows of the same stack and source among `fitted`.
int rows_like(const Observation& row, const std::vector<const Observation*>& fitted) {
  return static_cast<int>(std::count_if(fitted.begin(), fitted.end(), [&](const Observation* other) {
    return other->run->group == row.run->group && other->run->stack == row.run->stack;
  }));
}

/// What is added for a kind of model that none of its stack's rows among `fitted` is of.
double unseen_spread(const Observation& row, const std::vector<const Observation*>& fitted) {
  return is_unseen(kinds_seen(fitted, row.run->stack), row.workload) ? unseen_kind_spread : 0.0;
}

}  // namespace

std::vector<PredictedRun> backtest(std::span<const Observation> scored, std::span<const Observation> known,
                                   Holdout holdout, const FitOptions& options) {
  const std::vector<HeldOut> splits =
      holdout == Holdout::kind ? splits_by_kind(scored, known) : splits_of(scored, known, holdout);
  std::vector<PredictedRun> predictions(scored.size());
  FitOptions allowed = options;
  allowed.population = options.population || holdout == Holdout::source;
  // Every split is independent and writes its own rows: the result does not depend on the threads.
  const std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> workers;
  for (std::size_t worker = 0; worker < threads; ++worker) {
    workers.emplace_back([&, worker] {
      for (std::size_t i = worker; i < splits.size(); i += threads) {
        const Fit fit(splits[i].fitted, allowed);
        for (const std::size_t row : splits[i].scored) {
          const double widening = allowed.population
                                      ? unknown_stack_widening
                                      : known_stack_widening(rows_like(scored[row], splits[i].fitted));
          const bool of_time = allowed.target == Target::step_time && !allowed.population;
          const double unseen = of_time ? unseen_spread(scored[row], splits[i].fitted) : 0.0;
          predictions[row] = predicted(fit, scored[row], widening, unseen, options.target);
        }
      }
    });
  }
  workers.clear();
  std::erase_if(predictions, [](const PredictedRun& prediction) { return prediction.run == nullptr; });
  return predictions;
}

ErrorSummary summarize_ratios(std::span<const double> ratios) {
  ErrorSummary summary;
  if (ratios.empty()) return summary;
  std::vector<double> errors;
  for (const double ratio : ratios) {
    errors.push_back(std::abs(ratio - 1.0));
    summary.mean += errors.back();
    summary.bias += std::log(ratio);
  }
  std::sort(errors.begin(), errors.end());
  const auto count = static_cast<double>(errors.size());
  summary.rows = static_cast<int>(errors.size());
  summary.mean /= count;
  summary.bias /= count;
  summary.median = quantile(errors, 0.5);
  summary.p90 = quantile(errors, 0.9);
  return summary;
}

ErrorSummary summarize_errors(std::span<const PredictedRun> predictions,
                              const std::function<bool(const MeasuredRun&)>& counted) {
  std::vector<double> ratios;
  double inside = 0.0;
  for (const PredictedRun& prediction : predictions) {
    if (!counted(*prediction.run)) continue;
    ratios.push_back(1.0 + prediction.error());
    inside += prediction.inside() ? 1.0 : 0.0;
  }
  ErrorSummary summary = summarize_ratios(ratios);
  if (summary.rows > 0) summary.coverage = inside / summary.rows;
  return summary;
}

bool is_dense_16_bit(const MeasuredRun& run) {
  const Precision precision = run.run.precision;
  const bool wide = precision == Precision::bf16 || precision == Precision::fp16;
  bool family = false;
  for (const std::string_view prefix : {"v100", "a100", "a800", "h100", "b200"})
    family = family || run.accelerator.starts_with(prefix);
  return wide && family && run.architecture == "dense" && !run.run.recipe.adapters;
}

}  // namespace trainbudget
