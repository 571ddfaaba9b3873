// The figures of docs/efficiency.md, with a little room: whoever makes predictions worse has to say so there.
// No row is predicted by a fit that saw it.
#include "calibration/backtest.h"
#include "catch.h"
#include "io/measured_run_file.h"
#include "io/profile_folder.h"

#include <functional>
#include <map>
#include <vector>

using namespace trainbudget;

namespace {

using Counted = std::function<bool(const MeasuredRun&)>;

class Corpus {
 public:
  Corpus() : runs_(io::read_published_runs(io::ProfileFolder(TRAINBUDGET_PROFILES_DIR))) {
    for (const MeasuredRun& run : runs_.runs) {
      if (!run.inexpressible.empty() || run.doubtful) continue;
      steps_.push_back(observe(run, runs_.accelerators.at(run.accelerator), runs_.clusters.at(run.cluster)));
      if (steps_.back().has_memory()) with_memory_.push_back(steps_.back());
    }
  }
  const std::vector<PredictedRun>& steps(Holdout holdout) {
    std::vector<PredictedRun>& found = predicted_[holdout];
    if (found.empty()) found = backtest(steps_, steps_, holdout);
    return found;
  }
  std::vector<PredictedRun> memory(Holdout holdout) const {
    return backtest(with_memory_, with_memory_, holdout, of_memory);
  }
  const std::vector<Observation>& with_memory() const { return with_memory_; }

 private:
  io::MeasuredRuns runs_;
  std::vector<Observation> steps_;
  std::vector<Observation> with_memory_;
  std::map<Holdout, std::vector<PredictedRun>> predicted_;
};

Corpus& corpus() {
  static Corpus one;
  return one;
}

bool all(const MeasuredRun& /*run*/) {
  return true;
}

Counted of_source(const std::string& group) {
  return [=](const MeasuredRun& run) { return run.group == group; };
}

struct Bounds {
  double median, mean, p90;
};

void check(Holdout holdout, const Counted& counted, int rows, const Bounds& bounds) {
  const ErrorSummary errors = summarize_errors(corpus().steps(holdout), counted);
  CHECK(errors.rows >= rows);
  CHECK(errors.median <= bounds.median);
  CHECK(errors.mean <= bounds.mean);
  CHECK(errors.p90 <= bounds.p90);
}

void check_known_stacks() {
  check(Holdout::folds, is_dense_16_bit, 421, {0.035, 0.070, 0.175});
  check(Holdout::folds, all, 800, {0.050, 0.092, 0.213});
  check(Holdout::folds, of_source("llm-foundry"), 150, {0.028, 0.038, 0.072});
  check(Holdout::folds, of_source("vtrain"), 74, {0.048, 0.065, 0.165});
}

void check_unseen_sources() {
  check(Holdout::source, is_dense_16_bit, 421, {0.145, 0.187, 0.39});
  check(Holdout::source, all, 800, {0.168, 0.217, 0.45});
  check(Holdout::source, of_source("vtrain"), 74, {0.105, 0.110, 0.20});
  // Korthikanti et al., arXiv 2205.05198, table 5.
  const auto table_5 = [](const MeasuredRun& run) { return run.id.starts_with("seqsel"); };
  check(Holdout::source, table_5, 4, {0.05, 0.05, 0.12});
}

void check_after_ten_rows() {
  check(Holdout::source_ten, is_dense_16_bit, 350, {0.078, 0.115, 0.22});
}

/// They hold four fifths of the rows that no fit saw, and no source falls far below.
void check_ranges() {
  for (const Holdout holdout : {Holdout::folds, Holdout::source, Holdout::source_ten}) {
    const double coverage = summarize_errors(corpus().steps(holdout), all).coverage;
    CHECK(coverage >= 0.75);
    CHECK(coverage <= 0.85);
  }
  std::map<std::string, int> rows;
  for (const PredictedRun& prediction : corpus().steps(Holdout::folds))
    ++rows[prediction.run->group];
  constexpr int enough_to_count = 9;
  for (const auto& [group, count] : rows) {
    if (count < enough_to_count) continue;
    INFO(group);
    CHECK(summarize_errors(corpus().steps(Holdout::folds), of_source(group)).coverage >= 0.6);
  }
}

}  // namespace

// One test, so that each way of holding rows out is predicted once.
TEST_CASE("step times of published rows, and their ranges") {
  check_known_stacks();
  check_unseen_sources();
  check_after_ten_rows();
  check_ranges();
}

TEST_CASE("memory by rules alone, and by fits that have not seen the row") {
  const auto dense_megatron = [](const MeasuredRun& run) {
    return run.group == "simumax-b200" && run.architecture == "dense";
  };
  std::vector<PredictedRun> rules;
  for (const Observation& row : corpus().with_memory()) {
    const double bytes = row.predicted_memory(typical_efficiency());
    rules.push_back({.run = row.run, .measured = *row.run->peak_memory_bytes, .p50 = bytes});
  }
  CHECK(summarize_errors(rules, dense_megatron).rows == 18);
  CHECK(summarize_errors(rules, dense_megatron).mean <= 0.02);
  CHECK(summarize_errors(rules, of_source("simumax-b200")).mean <= 0.025);
  const std::vector<PredictedRun> fitted = corpus().memory(Holdout::folds);
  CHECK(summarize_errors(fitted, dense_megatron).mean <= 0.02);
  CHECK(summarize_errors(fitted, of_source("bigscience-a100")).mean <= 0.058);
}
