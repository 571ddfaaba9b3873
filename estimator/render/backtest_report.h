// The faces of a backtest.
#pragma once

#include "core/measured_run.h"
#include "render/table.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget::render {

/// One row of the corpus, under one way of holding rows out. Without a prediction where the row cannot be
/// expressed or is only listed.
struct BacktestRow {
  const MeasuredRun* run = nullptr;
  std::string holdout;
  bool predicted = false;
  double p10 = 0.0, p50 = 0.0, p90 = 0.0;  ///< seconds a step
  std::string profile;

  double error() const { return p50 / run->step_seconds - 1.0; }
  bool inside() const { return run->step_seconds >= p10 && run->step_seconds <= p90; }
};

/// Errors of one set of rows; shares, not per cent.
struct BacktestSummary {
  std::string holdout;
  std::string set;  ///< "all", "dense 16-bit", "source llm-foundry", "accelerator gb200", …
  int rows = 0;
  double median = 0.0, mean = 0.0, p90 = 0.0, bias = 0.0;
  std::optional<double> coverage;  ///< absent where nothing says how sure the prediction is
};

struct BacktestReport {
  std::vector<BacktestRow> rows;
  std::vector<BacktestSummary> summary;
  int listed = 0;         ///< rows of the corpus
  int doubtful = 0;       ///< of them, listed but never scored
  int inexpressible = 0;  ///< of them, not predicted
};

/// Summaries and the worst rows, for people.
std::string backtest_text(const BacktestReport& report, Style style);
std::string backtest_markdown(const BacktestReport& report);
/// All rows.
std::string backtest_csv(const BacktestReport& report);
/// `rows` and `summary`: schema/backtest.schema.json.
std::string backtest_json(const BacktestReport& report);

}  // namespace trainbudget::render
