#include "render/difference_report.h"

#include "render/estimate_report.h"
#include "render/json_number.h"
#include "render/number_text.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::render {
namespace {

using Json = nlohmann::ordered_json;

std::string signed_text(double value, Unit unit) {
  return (value < 0.0 ? "-" : "+") + number_text(std::abs(value), unit);
}

Cell number_cell(const std::optional<Range>& value, Unit unit) {
  return value ? Cell::of(number_text(value->p50, unit), value->p50) : Cell::unknown();
}

/// The difference of the medians, in units for a share and relative otherwise.
Cell change_cell(const NumberDifference& number) {
  if (!number.before || !number.after) return Cell::of("");
  const double before = number.before->p50;
  const double after = number.after->p50;
  if (before == after) return Cell::of("range only", 0.0);
  if (number.unit == Unit::fraction)
    return Cell::of(fmt::format("{:+.1f} points", 100.0 * (after - before)), after - before);
  if (before == 0.0) return Cell::of("from nothing");
  return Cell::of(fmt::format("{:+.1f} %", 100.0 * (after / before - 1.0)), after / before - 1.0);
}

std::string fact_text(const FactDifference& fact) {
  if (fact.before.empty()) return fact.title + ", only in the second: " + fact.after;
  if (fact.after.empty()) return fact.title + ", only in the first: " + fact.before;
  return fact.title + ": " + fact.before + " → " + fact.after;
}

/// "Cost: +$75,277, of which Model FLOPs utilisation +$75,277".
std::string total_text(const TotalDifference& total) {
  std::string text = total.title + ": " + signed_text(total.amount, total.unit);
  for (std::size_t i = 0; i < total.shares.size(); ++i) {
    text += (i == 0 ? ", of which " : ", ") + total.shares[i].title + " " +
            signed_text(total.shares[i].amount, total.unit);
  }
  return text;
}

Json range_json(const std::optional<Range>& range) {
  if (!range) return nullptr;
  return {
      {"p10", json_number(range->p10)}, {"p50", json_number(range->p50)}, {"p90", json_number(range->p90)}};
}

Json numbers_json(const std::vector<NumberDifference>& numbers, bool sources) {
  Json array = Json::array();
  for (const NumberDifference& number : numbers) {
    Json json = {{"id", number.id},
                 {"title", number.title},
                 {"unit", unit_word(number.unit)},
                 {"before", range_json(number.before)},
                 {"after", range_json(number.after)}};
    if (sources) {
      json["source_before"] = number.before ? Json(number.source_before) : Json(nullptr);
      json["source_after"] = number.after ? Json(number.source_after) : Json(nullptr);
    }
    array.push_back(std::move(json));
  }
  return array;
}

const char* const no_difference = "The two estimates are the same.\n";

void add_csv_rows(Table& table, const char* kind, const std::vector<NumberDifference>& numbers) {
  for (const NumberDifference& number : numbers) {
    std::vector<Cell> row = {Cell::of(kind), Cell::of(number.id), Cell::of(number.title),
                             Cell::of(unit_word(number.unit))};
    for (const std::optional<Range>* side : {&number.before, &number.after}) {
      for (double Range::*quantile : {&Range::p10, &Range::p50, &Range::p90})
        row.push_back(*side ? Cell::of("", (**side).*quantile) : Cell::unknown());
    }
    row.push_back(Cell::of(number.source_before));
    row.push_back(Cell::of(number.source_after));
    table.rows.push_back(std::move(row));
  }
}

}  // namespace

std::vector<std::string> fact_texts(const Difference& difference) {
  std::vector<std::string> texts;
  for (const FactDifference& fact : difference.facts)
    texts.push_back(fact_text(fact));
  return texts;
}

Table difference_table(const std::vector<NumberDifference>& numbers, const DifferenceReport& report) {
  Table table{.columns = {{"title", "", false},
                          {"before", report.before, true},
                          {"after", report.after, true},
                          {"change", "Change", true}}};
  for (const NumberDifference& number : numbers) {
    table.rows.push_back({Cell::of(number.title), number_cell(number.before, number.unit),
                          number_cell(number.after, number.unit), change_cell(number)});
  }
  return table;
}

std::string difference_text(const DifferenceReport& report, Style style) {
  const Difference& difference = report.difference;
  if (difference.empty()) return no_difference;
  std::string out = report.before + " → " + report.after + "\n";
  const auto width = static_cast<std::size_t>(style.width > 4 ? style.width - 4 : 0);
  if (!difference.facts.empty()) out += "\nWhat was assumed\n";
  for (const std::string& fact : fact_texts(difference))
    out += "  - " + wrapped(fact, width, 4) + "\n";
  if (!difference.inputs.empty())
    out += "\nWhat went in\n" + table_text(difference_table(difference.inputs, report), style);
  if (!difference.lines.empty())
    out += "\nWhat came out\n" + table_text(difference_table(difference.lines, report), style);
  if (!difference.totals.empty()) out += "\nWhat the difference is made of\n";
  for (const TotalDifference& total : difference.totals)
    out += "  - " + wrapped(total_text(total), width, 4) + "\n";
  return out;
}

std::string difference_markdown(const DifferenceReport& report) {
  const Difference& difference = report.difference;
  std::string out = "## " + report.before + " → " + report.after + "\n\n";
  if (difference.empty()) return out + no_difference;
  for (const std::string& fact : fact_texts(difference))
    out += "- " + fact + "\n";
  if (!difference.facts.empty()) out += "\n";
  if (!difference.inputs.empty())
    out += "### What went in\n\n" + table_markdown(difference_table(difference.inputs, report)) + "\n";
  if (!difference.lines.empty())
    out += "### What came out\n\n" + table_markdown(difference_table(difference.lines, report)) + "\n";
  for (const TotalDifference& total : difference.totals)
    out += "- " + total_text(total) + "\n";
  return out;
}

std::string difference_csv(const DifferenceReport& report) {
  Table table;
  for (const char* key : {"kind", "id", "title", "unit", "before_p10", "before_p50", "before_p90",
                          "after_p10", "after_p50", "after_p90", "source_before", "source_after"})
    table.columns.push_back({.key = key});
  add_csv_rows(table, "input", report.difference.inputs);
  add_csv_rows(table, "line", report.difference.lines);
  return table_csv(table);
}

std::string difference_json(const DifferenceReport& report) {
  Json facts = Json::array();
  for (const FactDifference& fact : report.difference.facts) {
    facts.push_back({{"title", fact.title},
                     {"before", fact.before.empty() ? Json(nullptr) : Json(fact.before)},
                     {"after", fact.after.empty() ? Json(nullptr) : Json(fact.after)}});
  }
  Json totals = Json::array();
  for (const TotalDifference& total : report.difference.totals) {
    Json shares = Json::array();
    for (const FactorShare& share : total.shares)
      shares.push_back({{"title", share.title}, {"amount", json_number(share.amount)}});
    totals.push_back({{"id", total.id},
                      {"title", total.title},
                      {"unit", unit_word(total.unit)},
                      {"amount", json_number(total.amount)},
                      {"shares", std::move(shares)}});
  }
  const Json json = {{"schema_version", "1.0"},
                     {"before", report.before},
                     {"after", report.after},
                     {"same", report.difference.empty()},
                     {"facts", std::move(facts)},
                     {"inputs", numbers_json(report.difference.inputs, true)},
                     {"lines", numbers_json(report.difference.lines, false)},
                     {"totals", std::move(totals)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace trainbudget::render
