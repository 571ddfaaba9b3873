#include "render/backtest_report.h"

#include "render/json_number.h"
#include "render/number_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::render {
namespace {

constexpr std::size_t worst_shown = 12;

Cell percent(double share) {
  return Cell::of(fmt::format("{:.1f} %", 100.0 * share), share);
}

Cell seconds(double value) {
  return Cell::of(fmt::format("{:.4g} s", value), value);
}

Table summary_table(const BacktestReport& report) {
  Table table{.columns = {{"holdout", "Held out"},
                          {"set", "Rows", false, true},
                          {"rows", "n", true},
                          {"median", "Median", true},
                          {"mean", "Mean", true},
                          {"p90", "P90", true},
                          {"bias", "Bias", true},
                          {"coverage", "In P10–P90", true}}};
  for (const BacktestSummary& s : report.summary) {
    table.rows.push_back({Cell::of(s.holdout), Cell::of(s.set), Cell::of(std::to_string(s.rows), s.rows),
                          percent(s.median), percent(s.mean), percent(s.p90), percent(s.bias),
                          s.coverage ? percent(*s.coverage) : Cell::unknown()});
  }
  return table;
}

Table row_table(const std::vector<const BacktestRow*>& rows) {
  Table table{.columns = {{"holdout", "Held out"},
                          {"id", "Row", false, true},
                          {"group", "Source"},
                          {"measured_step_seconds", "Measured", true},
                          {"p10", "P10", true},
                          {"p50", "P50", true},
                          {"p90", "P90", true},
                          {"error", "Error", true},
                          {"inside", "Inside"},
                          {"profile", "Profile"},
                          {"expressible", "Expressible"},
                          {"doubtful", "Doubtful"},
                          {"assumptions", "Assumptions", false, true}}};
  for (const BacktestRow* row : rows) {
    const MeasuredRun& run = *row->run;
    std::string assumptions = run.inexpressible;
    for (const std::string& assumption : run.assumptions)
      assumptions += (assumptions.empty() ? "" : "; ") + assumption;
    const bool expressible = run.inexpressible.empty();
    std::vector<Cell> cells{Cell::of(row->holdout), Cell::of(run.id), Cell::of(run.group)};
    cells.push_back(run.step_seconds > 0.0 ? seconds(run.step_seconds) : Cell::unknown());
    if (row->predicted) {
      for (const double value : {row->p10, row->p50, row->p90})
        cells.push_back(seconds(value));
      cells.push_back(percent(row->error()));
      cells.push_back({row->inside() ? "yes" : "no", row->inside()});
    } else {
      cells.insert(cells.end(), 5, Cell::unknown());
    }
    cells.push_back(Cell::of(row->profile));
    cells.push_back({expressible ? "yes" : "no", expressible});
    cells.push_back({run.doubtful ? "yes" : "no", run.doubtful});
    cells.push_back(Cell::of(assumptions));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// Columns that fit a terminal.
Table worst_rows(const BacktestReport& report) {
  std::vector<const BacktestRow*> rows;
  for (const BacktestRow& row : report.rows) {
    if (row.predicted && !row.run->doubtful) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const BacktestRow* a, const BacktestRow* b) {
    return std::abs(std::log1p(a->error())) > std::abs(std::log1p(b->error()));
  });
  rows.resize(std::min(rows.size(), worst_shown));
  Table table = row_table(rows);
  const std::vector<std::size_t> kept{0, 1, 3, 4, 5, 6, 7};
  const auto pick = [&](auto& list) {
    std::remove_reference_t<decltype(list)> picked;
    for (const std::size_t i : kept)
      picked.push_back(list[i]);
    list = std::move(picked);
  };
  pick(table.columns);
  for (auto& row : table.rows)
    pick(row);
  return table;
}

std::string counts(const BacktestReport& report) {
  return fmt::format("{} rows: {} scored, {} doubtful (listed, never scored), {} that cannot be expressed",
                     report.listed, report.listed - report.doubtful - report.inexpressible, report.doubtful,
                     report.inexpressible);
}

constexpr const char* explanation =
    "Errors are |P50 ÷ measured − 1| of the step time; no row is predicted by a fit that saw it.";

}  // namespace

std::string backtest_text(const BacktestReport& report, Style style) {
  return counts(report) + "\n" + explanation + "\n\n" + table_text(summary_table(report), style) +
         "\nWorst rows\n" + table_text(worst_rows(report), style);
}

std::string backtest_markdown(const BacktestReport& report) {
  return counts(report) + ". " + explanation + "\n\n" + table_markdown(summary_table(report)) +
         "\n## Worst rows\n\n" + table_markdown(worst_rows(report));
}

std::string backtest_csv(const BacktestReport& report) {
  std::vector<const BacktestRow*> rows;
  for (const BacktestRow& row : report.rows)
    rows.push_back(&row);
  return table_csv(row_table(rows));
}

std::string backtest_json(const BacktestReport& report) {
  using nlohmann::ordered_json;
  ordered_json rows = ordered_json::array();
  for (const BacktestRow& row : report.rows) {
    const MeasuredRun& run = *row.run;
    const auto number = [&](double value) {
      return row.predicted && std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
    };
    ordered_json assumptions = run.assumptions;
    if (!run.inexpressible.empty())
      assumptions.insert(assumptions.begin(), "cannot be expressed: " + run.inexpressible);
    rows.push_back({{"id", run.id},
                    {"group", run.group},
                    {"holdout", row.holdout},
                    {"measured_step_seconds",
                     run.step_seconds > 0.0 ? ordered_json(run.step_seconds) : ordered_json(nullptr)},
                    {"p10", number(row.p10)},
                    {"p50", number(row.p50)},
                    {"p90", number(row.p90)},
                    {"error", number(row.predicted ? row.error() : 0.0)},
                    {"inside", row.predicted ? ordered_json(row.inside()) : ordered_json(nullptr)},
                    {"profile", row.profile},
                    {"expressible", run.inexpressible.empty()},
                    {"doubtful", run.doubtful},
                    {"assumptions", assumptions}});
  }
  ordered_json summary = ordered_json::array();
  for (const BacktestSummary& s : report.summary) {
    summary.push_back({{"holdout", s.holdout},
                       {"set", s.set},
                       {"rows", s.rows},
                       {"median_absolute_error", s.median},
                       {"mean_absolute_error", s.mean},
                       {"p90_absolute_error", s.p90},
                       {"mean_log_error", s.bias},
                       {"coverage_p10_p90", s.coverage ? ordered_json(*s.coverage) : ordered_json(nullptr)}});
  }
  const ordered_json document{{"schema", "trainbudget/backtest/1"}, {"listed", report.listed},
                              {"doubtful", report.doubtful},        {"inexpressible", report.inexpressible},
                              {"summary", std::move(summary)},      {"rows", std::move(rows)}};
  return document.dump(2) + "\n";
}

}  // namespace trainbudget::render
