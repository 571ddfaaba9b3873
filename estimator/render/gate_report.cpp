#include "render/gate_report.h"

#include "render/estimate_report.h"
#include "render/json_number.h"
#include "render/number_text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::render {
namespace {

using Json = nlohmann::ordered_json;

/// What of the limit is left; below zero: by how much it is exceeded.
std::optional<double> margin_of(const Condition& condition) {
  if (!condition.value || !condition.limit || *condition.limit <= 0.0) return std::nullopt;
  return 1.0 - *condition.value / *condition.limit;
}

Cell margin_cell(const Condition& condition) {
  if (!condition.reason.empty()) return Cell::of(condition.reason);
  const std::optional<double> margin = margin_of(condition);
  if (!margin) return Cell::of("");
  return Cell::of(fmt::format("{:.1f} % {}", 100.0 * std::abs(*margin), *margin >= 0.0 ? "left" : "over"),
                  *margin);
}

Table table_of(const GateReport& report) {
  Table table{.columns = {{"id", "Condition", false},
                          {"value", "Value", true},
                          {"limit", "Limit", true},
                          {"verdict", "Verdict", false},
                          {"margin", "", false}}};
  for (const Condition& condition : report.conditions) {
    const auto cell = [&](const std::optional<double>& value) {
      return value ? Cell::of(number_text(*value, condition.unit), *value) : Cell::unknown();
    };
    table.rows.push_back({Cell{condition.title, condition.id}, cell(condition.value), cell(condition.limit),
                          Cell::of(std::string(name_of(condition.verdict))), margin_cell(condition)});
  }
  return table;
}

std::string verdict_text(const GateReport& report) {
  const auto broken = std::count_if(report.conditions.begin(), report.conditions.end(),
                                    [](const Condition& c) { return c.verdict != Verdict::holds; });
  const std::size_t all = report.conditions.size();
  if (broken == 0) return all == 1 ? "The condition holds" : fmt::format("All {} conditions hold", all);
  return fmt::format("{} of {} condition{} {} not hold", broken, all, all == 1 ? "" : "s",
                     broken == 1 ? "does" : "do");
}

/// The totals alone: what a reviewer looks at first.
std::vector<NumberDifference> headline(const Difference& difference) {
  constexpr std::array<std::string_view, 6> ids{"cost",   "wall_time", "gpu_hours",
                                                "energy", "memory",    "model_flops_utilization"};
  std::vector<NumberDifference> lines;
  for (const std::string_view id : ids) {
    for (const NumberDifference& line : difference.lines) {
      if (line.id == id) lines.push_back(line);
    }
  }
  return lines;
}

std::string against_title(const GateReport& report) {
  const bool same = headline(report.against->difference).empty();
  return (same ? "The same totals as " : "Against ") + report.against->before;
}

}  // namespace

std::string gate_text(const GateReport& report, Style style) {
  std::string out = report.name + "\n\n" + table_text(table_of(report), style) + "\n" + verdict_text(report) +
                    ", at " + std::string(name_of(report.quantile)) + ".\n";
  const auto list = [&](const std::string& title, const std::vector<std::string>& items) {
    const auto width = static_cast<std::size_t>(style.width > 4 ? style.width - 4 : 0);
    out += "\n" + title + "\n";
    for (const std::string& item : items)
      out += "  - " + wrapped(item, width, 4) + "\n";
  };
  if (!report.warnings.empty()) list("Beware", report.warnings);
  if (!report.against) return out;
  list(against_title(report), fact_texts(report.against->difference));
  const std::vector<NumberDifference> lines = headline(report.against->difference);
  if (!lines.empty()) out += table_text(difference_table(lines, *report.against), style);
  return out;
}

std::string gate_markdown(const GateReport& report) {
  const char* mark = all_hold(report.conditions) ? "✅" : "❌";
  std::string out = fmt::format("## {} {}\n\n{}, at {}.\n\n{}", mark, report.name, verdict_text(report),
                                name_of(report.quantile), table_markdown(table_of(report)));
  const auto list = [&](const std::string& title, const std::vector<std::string>& items) {
    out += "\n### " + title + "\n";
    for (std::size_t i = 0; i < items.size(); ++i)
      out += (i == 0 ? "\n- " : "- ") + items[i] + "\n";
  };
  if (!report.warnings.empty()) list("Beware", report.warnings);
  if (!report.against) return out;
  list(against_title(report), fact_texts(report.against->difference));
  const std::vector<NumberDifference> lines = headline(report.against->difference);
  if (!lines.empty()) out += "\n" + table_markdown(difference_table(lines, *report.against));
  return out;
}

std::string gate_csv(const GateReport& report) {
  Table table = table_of(report);
  const Cell none{"", std::monostate{}};
  for (const std::string& warning : report.warnings)
    table.rows.push_back({Cell::of("warning"), none, none, Cell::of("beware"), Cell::of(warning)});
  return table_csv(table);
}

std::string gate_json(const GateReport& report) {
  const auto number = [](const std::optional<double>& value) {
    return value ? json_number(*value) : Json(nullptr);
  };
  Json conditions = Json::array();
  for (const Condition& condition : report.conditions) {
    conditions.push_back({{"id", condition.id},
                          {"title", condition.title},
                          {"unit", unit_word(condition.unit)},
                          {"value", number(condition.value)},
                          {"limit", number(condition.limit)},
                          {"margin", number(margin_of(condition))},
                          {"verdict", std::string(name_of(condition.verdict))},
                          {"reason", condition.reason.empty() ? Json(nullptr) : Json(condition.reason)}});
  }
  const Json json = {
      {"schema_version", "1.0"},
      {"name", report.name},
      {"quantile", std::string(name_of(report.quantile))},
      {"passed", all_hold(report.conditions)},
      {"conditions", std::move(conditions)},
      {"warnings", report.warnings},
      {"against", report.against ? Json::parse(difference_json(*report.against)) : Json(nullptr)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace trainbudget::render
