#include "core/formulas.h"
#include "core/range_width.h"
#include "render/estimate_report.h"
#include "render/number_text.h"

#include <string_view>

#include <fmt/format.h>

namespace trainbudget::render {
namespace {

/// The lines of the summary, in the order in which people ask.
constexpr std::string_view summary_lines[] = {"cost",
                                              "cost_on_demand",
                                              "break_even_preemption",
                                              "cost_preempted_weekly",
                                              "cost_preempted_daily",
                                              "cost_preempted_6_hours",
                                              "storage",
                                              "egress",
                                              "development",
                                              "staff",
                                              "contingency",
                                              "total",
                                              "wall_time",
                                              "simulated_wall_time",
                                              "gpu_hours",
                                              "energy",
                                              "co2",
                                              "flops",
                                              "flops_by_rule",
                                              "ideal_gpu_hours",
                                              "step_time",
                                              "memory",
                                              "memory_capacity",
                                              "memory_fit",
                                              "model_flops_utilization",
                                              "goodput",
                                              "whole_run_fraction",
                                              "tokens_per_second",
                                              "price",
                                              "paid_gpu_hours",
                                              "wasted_gpu_hours",
                                              "hours_at_first_price",
                                              "rent_price",
                                              "break_even_utilization",
                                              "break_even_months",
                                              "implied_efficiency",
                                              "cost_of_used_hours"};

std::string bold(const std::string& text, Style style) {
  return style.color ? "\033[1m" + text + "\033[0m" : text;
}

Table summary_table(const Estimate& estimate) {
  Table table{
      .columns = {{"line", "", false}, {"p10", "P10", true}, {"p50", "P50", true}, {"p90", "P90", true}}};
  for (const std::string_view id : summary_lines) {
    const LedgerLine* line = find_line(estimate, id);
    if (line == nullptr) {
      const auto unknown = [&](const char* title, const char* why) {
        table.rows.push_back({Cell::of(title), Cell::of(""), Cell::of(why), Cell::of("")});
      };
      if (id == "cost") unknown("Cost", "unknown: no price");
      if (id == "co2" && estimate.energy_joules) unknown("CO2e", "unknown: no region");
      continue;
    }
    const auto cell = [&](double value) { return Cell::of(number_text(value, line->unit), value); };
    const bool exact = line->value.is_exact();
    table.rows.push_back({Cell::of(line->title), exact ? Cell::of("") : cell(line->value.p10),
                          cell(line->value.p50), exact ? Cell::of("") : cell(line->value.p90)});
    if (id == "wall_time" && estimate.dates) {
      const RunDates& days = *estimate.dates;
      const bool one_day = exact && days.p10 == days.p90;
      table.rows.push_back({Cell::of("Ends, begun on " + date_text(days.start)),
                            Cell::of(one_day ? "" : finish_text(days.p10)), Cell::of(finish_text(days.p50)),
                            Cell::of(one_day ? "" : finish_text(days.p90))});
    }
  }
  return table;
}

void append_bullets(std::string& out, std::string_view title, const std::vector<std::string>& items,
                    Style style) {
  if (items.empty()) return;
  out += "\n" + bold(std::string(title), style) + "\n";
  for (const std::string& item : items) {
    out += "  - " + wrapped(item, static_cast<std::size_t>(style.width > 4 ? style.width - 4 : 0), 4) + "\n";
  }
}

void append_width(std::string& out, const Estimate& estimate, Style style) {
  const std::vector<WidthShare> shares = width_shares(estimate);
  if (shares.empty()) return;
  out += "\n" + bold("What the range is made of", style) + "\n";
  for (const WidthShare& share : shares)
    out += fmt::format("  - {:.0f} % {}\n", 100.0 * share.share, share.title);
}

void append_explanation(std::string& out, const Estimate& estimate, Style style) {
  const auto width = static_cast<std::size_t>(style.width);
  out += "\n" + bold("Where each number comes from", style) + " (formulas: docs/formulas.md)\n";
  for (const LedgerLine& line : estimate.ledger) {
    out += fmt::format("\n{}: {}\n", bold(line.title, style), range_text(line.value, line.unit));
    out +=
        "  = " + wrapped(std::string(expression_of(line.formula)), width, 4) + "  [" + line.formula + "]\n";
    for (const LedgerInput& input : line.inputs) {
      std::string text = fmt::format("    {}: {}", input.name, range_text(input.value, input.unit));
      if (input.provenance.origin != Origin::derived || !input.provenance.source.empty()) {
        text += "; " + provenance_text(input.provenance);
      }
      out += "    " + wrapped(text.substr(4), width, 6) + "\n";
    }
  }
}

}  // namespace

std::string fidelity_text(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::rule:
      return "rule of thumb: FLOPs ÷ (peak × efficiency)";
    case Fidelity::analytic:
      return "analytic: exact operations";
    case Fidelity::calibrated:
      return "calibrated: measured efficiencies";
  }
  return {};
}

std::string hardware_text(const Estimate& estimate) {
  return grouped(estimate.gpus) + " × " + estimate.accelerator_title;
}

std::string provenance_text(const Provenance& provenance) {
  std::string text(name_of(provenance.origin));
  if (!provenance.source.empty()) text += ": " + provenance.source;
  if (!provenance.date.empty()) text += " (" + provenance.date + ")";
  if (!provenance.note.empty()) text += " [" + provenance.note + "]";
  return text;
}

std::string estimate_text(const Estimate& estimate, bool explain, Style style) {
  std::string out = bold(estimate.name, style) + "\n" + hardware_text(estimate) + "; " +
                    fidelity_text(estimate.fidelity) + "\n\n";
  out += table_text(summary_table(estimate), style);
  append_bullets(out, "Assumed", estimate.assumptions, style);
  append_bullets(out, "Beware", estimate.warnings, style);
  if (explain) {
    append_width(out, estimate, style);
    append_explanation(out, estimate, style);
  }
  return out;
}

}  // namespace trainbudget::render
