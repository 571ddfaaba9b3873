#include "core/formulas.h"
#include "render/estimate_report.h"
#include "render/number_text.h"

namespace trainbudget::render {

std::string estimate_csv(const Estimate& estimate) {
  Table table{.columns = {{"id", ""},
                          {"p10", ""},
                          {"p50", ""},
                          {"p90", ""},
                          {"unit", ""},
                          {"formula", ""},
                          {"expression", ""},
                          {"inputs", ""}}};
  for (const LedgerLine& line : estimate.ledger) {
    std::string inputs;
    for (const LedgerInput& input : line.inputs) {
      inputs += (inputs.empty() ? "" : "; ") + input.name + " = " + range_text(input.value, input.unit) +
                " (" + provenance_text(input.provenance) + ")";
    }
    table.rows.push_back({Cell::of(line.id), Cell::of("", line.value.p10), Cell::of("", line.value.p50),
                          Cell::of("", line.value.p90), Cell::of(unit_word(line.unit)),
                          Cell::of(line.formula), Cell::of(std::string(expression_of(line.formula))),
                          Cell::of(inputs)});
  }
  if (estimate.dates) {
    const RunDates& days = *estimate.dates;
    table.rows.push_back({Cell::of("finish_date"), Cell::of(finish_text(days.p10)),
                          Cell::of(finish_text(days.p50)), Cell::of(finish_text(days.p90)), Cell::of("date"),
                          Cell::of("finish-date"), Cell::of(std::string(expression_of("finish-date"))),
                          Cell::of("start = " + date_text(days.start))});
  }
  return table_csv(table);
}

std::string unit_word(Unit unit) {
  return std::string(name_of(unit));
}

}  // namespace trainbudget::render
