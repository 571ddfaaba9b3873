// The faces of an estimate. Each is a pure function from plain values to a string.
#pragma once

#include "core/estimate.h"
#include "render/table.h"

#include <string>
#include <utility>
#include <vector>

namespace trainbudget::render {

/// An input file of a run and its SHA-256.
struct InputStamp {
  std::string path;
  std::string sha256;
};

/// What made a report: kept apart from the report itself, so that two reports compare clean.
struct RunStamp {
  std::string version;
  std::string git_revision;
  std::vector<std::string> arguments;
  std::vector<InputStamp> inputs;
};

/// The report for a terminal. With `explain`, each line of the ledger with its formula, inputs and sources
/// follows.
std::string estimate_text(const Estimate& estimate, bool explain, Style style);
/// The same as Markdown.
std::string estimate_markdown(const Estimate& estimate, bool explain);
/// One row per ledger line: id, p10, p50, p90, unit, formula, expression, inputs.
std::string estimate_csv(const Estimate& estimate);
/// schema/estimate.schema.json.
std::string estimate_json(const Estimate& estimate, const RunStamp& stamp);

/// "rule of thumb (6 × parameters × tokens)" and so on.
std::string fidelity_text(Fidelity fidelity);
/// "64 × NVIDIA A100 SXM4 80GB".
std::string hardware_text(const Estimate& estimate);
/// "datasheet: https://… (2026-08-22)"; the note, where there is one, follows in brackets.
std::string provenance_text(const Provenance& provenance);
/// The suffix of a key that names a unit: "_usd", "_seconds".
std::string unit_word(Unit unit);

}  // namespace trainbudget::render
