// The faces of a model report.
#include "render/json_number.h"
#include "render/model_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::render {
namespace {

/// Major changes break readers; minor ones add keys.
constexpr const char* schema_version = "1.0";

std::string value_text(const Cell& cell) {
  if (const double* number = std::get_if<double>(&cell.value)) return fmt::format("{}", stable(*number));
  if (const bool* flag = std::get_if<bool>(&cell.value)) return *flag ? "true" : "false";
  if (const std::string* word = std::get_if<std::string>(&cell.value)) return *word;
  return "";
}

nlohmann::ordered_json section_json(const Section& section) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::parse(table_json(section.table));
  if (section.row_keys.empty()) return rows;
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < section.row_keys.size(); ++i)
    object[section.row_keys[i]] = rows[i][section.table.columns[1].key];
  return object;
}

}  // namespace

std::string model_report_text(const ModelReport& report, Style style) {
  std::string text = report.title + " (" + report.name + ")\n";
  for (const Section& section : report.sections)
    text += "\n" + section.title + "\n" + table_text(section.table, style);
  text += "\n";
  for (const std::string& note : report.notes)
    text += wrapped("note: " + note, static_cast<std::size_t>(style.width), 6) + "\n";
  return text;
}

std::string model_report_markdown(const ModelReport& report) {
  std::string text = "# " + report.title + "\n";
  for (const Section& section : report.sections)
    text += "\n## " + section.title + "\n\n" + table_markdown(section.table);
  text += "\n";
  for (const std::string& note : report.notes)
    text += "- " + note + "\n";
  return text;
}

std::string model_report_json(const ModelReport& report) {
  nlohmann::ordered_json json = {
      {"schema_version", schema_version}, {"name", report.name}, {"title", report.title}};
  for (const Section& section : report.sections)
    json[section.key] = section_json(section);
  json["notes"] = report.notes;
  return json.dump(2) + "\n";
}

std::string model_report_csv(const ModelReport& report) {
  std::string text = "section,row,quantity,value\n";
  for (const Section& section : report.sections) {
    for (const auto& row : section.table.rows) {
      for (std::size_t c = 1; c < row.size(); ++c) {
        text += section.key + "," + csv_field(row[0].text) + "," + csv_field(section.table.columns[c].key) +
                "," + csv_field(value_text(row[c])) + "\n";
      }
    }
  }
  return text;
}

}  // namespace trainbudget::render
