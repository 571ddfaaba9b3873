#include "core/formulas.h"
#include "render/estimate_report.h"
#include "render/number_text.h"

namespace trainbudget::render {
namespace {

void append_list(std::string& out, const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return;
  out += "\n### " + title + "\n\n";
  for (const std::string& item : items)
    out += "- " + item + "\n";
}

}  // namespace

std::string estimate_markdown(const Estimate& estimate, bool explain) {
  Table table{.columns = {{"line", "", false},
                          {"p10", "P10", true},
                          {"p50", "P50", true},
                          {"p90", "P90", true},
                          {"formula", "Formula", false}}};
  for (const LedgerLine& line : estimate.ledger) {
    const auto cell = [&](double value) { return Cell::of(number_text(value, line.unit), value); };
    const bool exact = line.value.is_exact();
    table.rows.push_back({Cell::of(line.title), exact ? Cell::of("") : cell(line.value.p10),
                          cell(line.value.p50), exact ? Cell::of("") : cell(line.value.p90),
                          Cell::of(std::string(expression_of(line.formula)))});
  }
  if (estimate.dates) {
    const RunDates& days = *estimate.dates;
    table.rows.push_back({Cell::of("Ends, begun on " + date_text(days.start)),
                          Cell::of(finish_text(days.p10)), Cell::of(finish_text(days.p50)),
                          Cell::of(finish_text(days.p90)),
                          Cell::of(std::string(expression_of("finish-date")))});
  }
  std::string out = "## " + estimate.name + "\n\n" + hardware_text(estimate) + "; " +
                    fidelity_text(estimate.fidelity) + ".\n\n" + table_markdown(table);
  append_list(out, "Assumed", estimate.assumptions);
  append_list(out, "Beware", estimate.warnings);
  if (!explain) return out;
  out += "\n### Where each number comes from\n\n";
  for (const LedgerLine& line : estimate.ledger) {
    for (const LedgerInput& input : line.inputs) {
      if (input.provenance.origin == Origin::derived && input.provenance.source.empty()) continue;
      out += "- " + line.title + ", " + input.name + ": " + range_text(input.value, input.unit) + "; " +
             provenance_text(input.provenance) + "\n";
    }
  }
  return out;
}

}  // namespace trainbudget::render
