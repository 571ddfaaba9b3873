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
  switch (unit) {
    case Unit::count:
      return "count";
    case Unit::fraction:
      return "fraction";
    case Unit::flops:
      return "flops";
    case Unit::flops_per_second:
      return "flops_per_second";
    case Unit::bytes:
      return "bytes";
    case Unit::bytes_per_second:
      return "bytes_per_second";
    case Unit::tokens:
      return "tokens";
    case Unit::tokens_per_second:
      return "tokens_per_second";
    case Unit::seconds:
      return "seconds";
    case Unit::gpu_hours:
      return "gpu_hours";
    case Unit::usd:
      return "usd";
    case Unit::usd_per_gpu_hour:
      return "usd_per_gpu_hour";
    case Unit::watts:
      return "watts";
    case Unit::joules:
      return "joules";
  }
  return {};
}

}  // namespace trainbudget::render
