#include "core/formulas.h"
#include "core/range_width.h"
#include "render/estimate_report.h"
#include "render/json_number.h"
#include "render/number_text.h"

#include <nlohmann/json.hpp>

namespace trainbudget::render {
namespace {

using Json = nlohmann::ordered_json;

/// Major changes break readers; minor ones add keys. Rules: docs/output-schema.md.
constexpr const char* schema_version = "1.2";

Json range_json(const Range& range) {
  return {{"p10", json_number(range.p10)}, {"p50", json_number(range.p50)}, {"p90", json_number(range.p90)}};
}

Json optional_range(const std::optional<Range>& range) {
  return range ? range_json(*range) : Json(nullptr);
}

Json dates_json(const RunDates& dates) {
  const auto day = [](const std::optional<Date>& date) {
    return date ? Json(date_text(*date)) : Json(nullptr);
  };
  return {{"start", date_text(dates.start)},
          {"finish", {{"p10", day(dates.p10)}, {"p50", day(dates.p50)}, {"p90", day(dates.p90)}}}};
}

Json provenance_json(const Provenance& provenance) {
  Json json = {{"origin", std::string(name_of(provenance.origin))}};
  if (!provenance.source.empty()) json["source"] = provenance.source;
  if (!provenance.date.empty()) json["date"] = provenance.date;
  if (!provenance.note.empty()) json["note"] = provenance.note;
  return json;
}

Json line_json(const LedgerLine& line) {
  Json inputs = Json::array();
  for (const LedgerInput& input : line.inputs) {
    inputs.push_back({{"name", input.name},
                      {"unit", unit_word(input.unit)},
                      {"value", range_json(input.value)},
                      {"provenance", provenance_json(input.provenance)}});
  }
  return {{"id", line.id},
          {"title", line.title},
          {"unit", unit_word(line.unit)},
          {"value", range_json(line.value)},
          {"formula", line.formula},
          {"expression", std::string(expression_of(line.formula))},
          {"inputs", std::move(inputs)}};
}

Json stamp_json(const RunStamp& stamp) {
  Json inputs = Json::array();
  for (const InputStamp& input : stamp.inputs)
    inputs.push_back({{"path", input.path}, {"sha256", input.sha256}});
  return {{"version", stamp.version},
          {"git_revision", stamp.git_revision},
          {"arguments", stamp.arguments},
          {"inputs", std::move(inputs)}};
}

}  // namespace

std::string estimate_json(const Estimate& estimate, const RunStamp& stamp) {
  Json ledger = Json::array();
  for (const LedgerLine& line : estimate.ledger)
    ledger.push_back(line_json(line));
  Json width = Json::array();
  for (const WidthShare& share : width_shares(estimate))
    width.push_back({{"title", share.title}, {"share", json_number(share.share)}});
  Json report = {{"schema_version", schema_version},
                 {"name", estimate.name},
                 {"fidelity", std::string(name_of(estimate.fidelity))},
                 {"accelerator", estimate.accelerator},
                 {"gpus", json_number(estimate.gpus)},
                 {"flops", json_number(estimate.flops.value)},
                 {"ideal_gpu_hours", json_number(estimate.ideal_gpu_hours)},
                 {"model_flops_utilization", range_json(estimate.model_flops_utilization)},
                 {"gpu_hours", range_json(estimate.gpu_hours)},
                 {"wall_time_seconds", range_json(estimate.wall_time_seconds)},
                 {"cost_usd", optional_range(estimate.cost_usd)},
                 {"total_usd", optional_range(estimate.total_usd)},
                 {"energy_joules", optional_range(estimate.energy_joules)},
                 {"co2_grams", optional_range(estimate.co2_grams)},
                 {"width", std::move(width)},
                 {"ledger", std::move(ledger)},
                 {"assumptions", estimate.assumptions},
                 {"warnings", estimate.warnings},
                 {"run", stamp_json(stamp)}};
  if (estimate.memory_fit) report["memory_fit"] = std::string(name_of(*estimate.memory_fit));
  if (estimate.dates) report["dates"] = dates_json(*estimate.dates);
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace trainbudget::render
