// Configurations of one folder, what they read to, and small changes to them.
#pragma once

#include "catch.h"
#include "core/model_summary.h"
#include "io/file.h"
#include "io/hf_config.h"
#include "unit/input_error_of.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace trainbudget::hf_fixtures {

inline std::string text_of(const std::string& folder, const std::string& name) {
  return io::read_file(folder + name + ".json", 1 << 20);
}

/// `text` with `fields` before all others.
inline std::string with(const std::string& text, const std::string& fields) {
  return "{" + fields + "," + text.substr(text.find('{') + 1);
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != std::string::npos);
  return text.replace(text.find(from), from.size(), to);
}

inline Model model_of(const std::string& text) {
  return io::read_hf_config(text, "config.json").model;
}

inline ModelSummary summary_of(const std::string& text) {
  return summarize(expand(model_of(text)), {.length = 16384});
}

inline Totals total_of(const std::string& text) {
  return summary_of(text).total;
}

inline void refused(const std::string& text, const std::string& message) {
  const io::InputError error = input_error_of([&] { io::read_hf_config(text, "config.json"); });
  CHECK_THAT(error.what(), ContainsSubstring(message));
  CHECK(error.location.file == "config.json");
}

struct Published {
  std::string name;
  double total;      ///< what the source says
  double untrained;  ///< of it what is not trained
};

/// Each configuration of `folder` is in `rows`, and has its count.
template <class Rows>
void check_counts(const std::string& folder, const Rows& rows) {
  std::set<std::string> names;
  for (const Published& row : rows) {
    CAPTURE(row.name);
    names.insert(row.name);
    CHECK(total_of(text_of(folder, row.name)).parameters == row.total - row.untrained);
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    CHECK(names.count(entry.path().stem().string()) == 1);
}

struct Experts {
  std::string name;
  double layers, visited_not, matrices;  ///< experts that a token does not visit; weights of one
};

inline void check_visits(const std::string& folder, const std::vector<Experts>& rows) {
  for (const Experts& row : rows) {
    CAPTURE(row.name);
    const Totals total = total_of(text_of(folder, row.name));
    CHECK(total.parameters - total.active_parameters == row.layers * row.visited_not * row.matrices);
  }
}

}  // namespace trainbudget::hf_fixtures
