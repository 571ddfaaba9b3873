#include "io/estimate_file.h"

#include "io/file.h"
#include "io/json_text.h"
#include "io/map_reader.h"
#include "io/price_table.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace trainbudget::io {
namespace {

constexpr double most = 1e300;
constexpr std::string_view major_version = "1.";

double read_amount(const YamlNode& node) {
  return read_number(node, 0.0, most);
}

double read_positive(const YamlNode& node) {
  const double value = read_amount(node);
  if (!(value > 0.0)) throw InputError(node.location, "a number above zero is wanted");
  return value;
}

const std::vector<YamlNode>& items_of(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence) throw InputError(node.location, "a list is wanted");
  return node.items;
}

Range read_range(const YamlNode& node, double least = 0.0) {
  MapReader map(node, "range");
  const auto read = [&](const char* key) { return read_number(map.require(key), least, most); };
  const Range range{read("p10"), read("p50"), read("p90")};
  map.finish();
  if (!(range.p10 <= range.p50 && range.p50 <= range.p90))
    throw InputError(node.location, "p10, p50 and p90 are out of order", "the file was changed by hand");
  return range;
}

/// A value of `Enum`, whose values count from zero and whose names `name_of` knows up to the first "unknown".
template <class Enum>
Enum read_named(const YamlNode& node, std::string_view what) {
  std::vector<std::string_view> words;
  for (int i = 0; name_of(static_cast<Enum>(i)) != "unknown"; ++i)
    words.push_back(name_of(static_cast<Enum>(i)));
  return static_cast<Enum>(read_word(node, what, words));
}

Provenance read_line_provenance(const YamlNode& node) {
  MapReader map(node, "provenance");
  Provenance provenance{.origin = read_named<Origin>(map.require("origin"), "origin")};
  const auto read = [&](std::string_view key, std::string& target) {
    if (const YamlNode* value = map.find(key)) target = read_string(*value);
  };
  read("source", provenance.source);
  read("date", provenance.date);
  read("note", provenance.note);
  return provenance;
}

LedgerInput read_input(const YamlNode& node) {
  MapReader map(node, "input");
  LedgerInput input{.name = read_string(map.require("name")),
                    .value = read_range(map.require("value"), -most),  // a price may fall
                    .unit = read_named<Unit>(map.require("unit"), "unit"),
                    .provenance = read_line_provenance(map.require("provenance"))};
  return input;
}

LedgerLine read_line(const YamlNode& node) {
  MapReader map(node, "ledger line");
  LedgerLine line{.id = read_string(map.require("id")),
                  .title = read_string(map.require("title")),
                  .value = read_range(map.require("value")),
                  .unit = read_named<Unit>(map.require("unit"), "unit"),
                  .formula = read_string(map.require("formula"))};
  map.require("expression");  // of the program that wrote it; ours may have better words
  for (const YamlNode& input : items_of(map.require("inputs")))
    line.inputs.push_back(read_input(input));
  return line;
}

/// A range, or null for what was not known.
std::optional<Range> read_optional_range(const YamlNode& root, std::string_view key) {
  const YamlNode* value = value_of(root, key);
  if (value == nullptr) throw InputError(root.location, "estimate lacks '" + std::string(key) + "'");
  if (value->kind == YamlNode::Kind::null) return std::nullopt;
  return read_range(*value);
}

void check_version(const YamlNode& node) {
  const std::string version = read_string(node);
  if (version.rfind(major_version, 0) == 0) return;
  throw InputError(node.location, "version " + version + " of a report; this program reads 1",
                   "make it again: trainbudget estimate … --format json --out FILE.json");
}

RunDates read_dates(const YamlNode& node) {
  const auto day = [](const YamlNode& text) { return parse_date(read_string(text), text.location); };
  MapReader map(node, "dates");
  RunDates dates{.start = day(map.require("start"))};
  const YamlNode& ends = map.require("finish");
  map.finish();
  MapReader finish(ends, "finish");
  const auto read = [&](const char* key, std::optional<Date>& end) {
    const YamlNode& text = finish.require(key);
    if (text.kind != YamlNode::Kind::null) end = day(text);
  };
  read("p10", dates.p10);
  read("p50", dates.p50);
  read("p90", dates.p90);
  finish.finish();
  return dates;
}

bool looks_like_json(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

/// The tree of a saved report; nothing where `text` is something else. Other reports of this program are
/// refused by name.
std::optional<YamlNode> saved_report(const std::string& text, const std::string& file) {
  if (!looks_like_json(text)) return std::nullopt;
  // A scenario may be written in YAML's flow style, which also begins with a brace.
  if (text.find("\"schema_version\"") == std::string::npos) return std::nullopt;
  YamlNode root = parse_json(text, file);
  if (value_of(root, "ledger") == nullptr) {
    throw InputError({.file = file}, "this is a report, but not one of an estimate: it has no ledger",
                     "trainbudget estimate … --format json --out FILE.json writes one");
  }
  return root;
}

}  // namespace

Estimate read_estimate(const YamlNode& root) {
  MapReader map(root, "estimate");
  check_version(map.require("schema_version"));
  Estimate estimate{.name = read_string(map.require("name")),
                    .fidelity = read_named<Fidelity>(map.require("fidelity"), "fidelity"),
                    .accelerator = read_string(map.require("accelerator"))};
  estimate.accelerator_title = estimate.accelerator;
  estimate.gpus = read_positive(map.require("gpus"));
  estimate.flops = Flops(read_positive(map.require("flops")));
  estimate.ideal_gpu_hours = read_positive(map.require("ideal_gpu_hours"));
  estimate.model_flops_utilization = read_range(map.require("model_flops_utilization"));
  estimate.gpu_hours = read_range(map.require("gpu_hours"));
  estimate.wall_time_seconds = read_range(map.require("wall_time_seconds"));
  estimate.cost_usd = read_optional_range(root, "cost_usd");
  estimate.energy_joules = read_optional_range(root, "energy_joules");
  // Reports of before they had these lack them.
  if (value_of(root, "total_usd") != nullptr) estimate.total_usd = read_optional_range(root, "total_usd");
  if (value_of(root, "co2_grams") != nullptr) estimate.co2_grams = read_optional_range(root, "co2_grams");
  if (const YamlNode* dates = value_of(root, "dates")) estimate.dates = read_dates(*dates);
  for (const YamlNode& line : items_of(map.require("ledger")))
    estimate.ledger.push_back(read_line(line));
  estimate.assumptions = read_strings(map.require("assumptions"));
  estimate.warnings = read_strings(map.require("warnings"));
  map.require("run");
  return estimate;
}

Estimate load_estimate(const std::string& path, const ProfileFolder& profiles,
                       const std::vector<std::string>& settings) {
  const std::string name = file_name_for_errors(path);
  const std::string text = read_file(path, largest_json_bytes);
  if (const std::optional<YamlNode> root = saved_report(text, name)) {
    if (!settings.empty())
      throw InputError({.file = name}, "a saved report cannot be changed: --set and --fit are for scenarios");
    return read_estimate(*root);
  }
  YamlNode scenario = parse_yaml(text, name);
  for (const std::string& setting : settings)
    apply_setting(scenario, setting);
  return estimate(read_scenario(scenario, profiles));
}

}  // namespace trainbudget::io
