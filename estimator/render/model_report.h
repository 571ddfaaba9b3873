// A model as people and programs read it: structure, parameters, FLOPs, memory, state.
#pragma once

#include "core/model_profile.h"
#include "core/sequence.h"
#include "render/table.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::render {

/// One row per model: name, family, size, layers, published count.
Table model_list(std::span<const ModelProfile> profiles);

/// A table under a heading.
struct Section {
  std::string key;  ///< of its array in JSON, of its rows in CSV
  std::string title;
  Table table;
  std::vector<std::string>
      row_keys;  ///< where not empty, JSON has one object: row key → value of the second column
};

/// What `models show` prints.
struct ModelReport {
  std::string name;
  std::string title;
  std::vector<Section> sections;
  std::vector<std::string> notes;
};

/// Everything about `profile` over `sequence`.
ModelReport model_report(const ModelProfile& profile, const Sequence& sequence);

std::string model_report_text(const ModelReport& report, Style style);
std::string model_report_markdown(const ModelReport& report);
/// One object: `schema_version`, `name`, `title`, an array of rows, or one object, for each section, `notes`.
std::string model_report_json(const ModelReport& report);
/// One line per number: section, row, quantity, value.
std::string model_report_csv(const ModelReport& report);

/// "attention: heads 32, kv_heads 8, head_size 128, rotary; mlp: intermediate_size 14336, gated" from the
/// tables of fields of the components; fields that have their default are left out.
std::string describe(const Layer& layer);

}  // namespace trainbudget::render
