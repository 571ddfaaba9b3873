// The machine-readable faces of a table.
#include "render/json_number.h"
#include "render/table.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::render {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string table_csv(const Table& table) {
  std::string out;
  const auto separator = [&](std::size_t c) { return c + 1 == table.columns.size() ? "\n" : ","; };
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    out += csv_field(table.columns[c].key) + separator(c);
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (const double* number = std::get_if<double>(&row[c].value))
        out += fmt::format("{}", stable(*number));
      if (const bool* flag = std::get_if<bool>(&row[c].value)) out += *flag ? "true" : "false";
      if (const std::string* word = std::get_if<std::string>(&row[c].value)) out += csv_field(*word);
      out += separator(c);
    }
  }
  return out;
}

std::string table_json(const Table& table) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t c = 0; c < row.size(); ++c) {
      nlohmann::ordered_json& value = object[table.columns[c].key];
      if (const double* number = std::get_if<double>(&row[c].value)) value = json_number(*number);
      if (const bool* flag = std::get_if<bool>(&row[c].value)) value = *flag;
      if (const std::string* word = std::get_if<std::string>(&row[c].value)) value = *word;
    }
    rows.push_back(std::move(object));
  }
  return rows.dump(2) + "\n";
}

}  // namespace trainbudget::render
