#include "io/efficiency_file.h"

#include "io/map_reader.h"
#include "io/sourced_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

constexpr const char* schema = "trainbudget/efficiency-profile/1";
constexpr std::array<Origin, 5> origins{Origin::datasheet, Origin::measured, Origin::fitted, Origin::assumed,
                                        Origin::user};
constexpr double most_spread = 100.0;

double prior_spread(const ParameterRow& row) {
  double sum = 0.0;
  for (const double spread :
       {row.common_spread, row.accelerator_spread, row.stack_spread, row.release_spread, row.pair_spread}) {
    sum += spread * spread;
  }
  return std::sqrt(sum);
}

Origin read_origin(const YamlNode& node) {
  std::array<std::string_view, origins.size()> words;
  std::transform(origins.begin(), origins.end(), words.begin(),
                 [](Origin origin) { return name_of(origin); });
  return origins[read_word(node, "origin", words)];
}

ProfileParameter read_parameter(const YamlNode& node, const ParameterRow& row, const std::string& source) {
  MapReader map(node, "parameter");
  ProfileParameter parameter;
  parameter.value = read_number(map.require("value"), row.lower, row.upper);
  const YamlNode* spread = map.find("spread");
  parameter.spread = spread != nullptr ? read_number(*spread, 0.0, most_spread) : prior_spread(row);
  parameter.provenance = {.origin = read_origin(map.require("origin")), .source = source};
  map.finish();
  return parameter;
}

std::vector<ModelKind> read_kinds(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence || node.items.empty())
    throw InputError(node.location, "a list of kinds of models is wanted: [attention, attention+experts]");
  std::array<std::string, all_model_kinds.size()> names;
  std::array<std::string_view, all_model_kinds.size()> words;
  for (std::size_t i = 0; i < names.size(); ++i)
    words[i] = names[i] = name_of(all_model_kinds[i]);
  std::vector<ModelKind> kinds;
  for (const YamlNode& item : node.items)
    kinds.push_back(all_model_kinds[read_word(item, "kind of models", words)]);
  return kinds;
}

std::string text_of(const std::vector<ModelKind>& kinds) {
  std::string text;
  for (const ModelKind& kind : kinds)
    text.append(text.empty() ? "" : ", ").append(name_of(kind));
  return text;
}

/// [B·H, T, seconds]
WkvPoint read_point(const YamlNode& node) {
  constexpr double most_heads = 1e12, most_tokens = 1e9, most_seconds = 1e4;
  if (node.kind != YamlNode::Kind::sequence || node.items.size() != 3)
    throw InputError(node.location, "a point of a recurrence is [B·H, T, seconds]");
  return {.heads = read_number(node.items[0], 1.0, most_heads),
          .sequence = read_number(node.items[1], 1.0, most_tokens),
          .seconds = read_number(node.items[2], std::numeric_limits<double>::min(), most_seconds)};
}

WkvTable read_recurrence(const YamlNode& node, const std::string& accelerator) {
  constexpr double most_heads = 1e12, most_head_size = 1e6;
  MapReader map(node, "recurrence");
  WkvTable table{.kernel = read_string(map.require("kernel")), .accelerator = accelerator};
  table.head_size = read_number(map.require("head_size"), 1.0, most_head_size);
  if (const YamlNode* resident = map.find("resident_heads"))
    table.resident_heads = read_number(*resident, 1.0, most_heads);
  const YamlNode& points = map.require("points");
  if (points.kind != YamlNode::Kind::sequence || points.items.empty())
    throw InputError(points.location, "measured points are wanted: [[B·H, T, seconds], …]");
  for (const YamlNode& point : points.items)
    table.points.push_back(read_point(point));
  map.finish();
  return table;
}

std::string text_of(const WkvTable& table) {
  std::string text = fmt::format("  - kernel: {}\n    head_size: {}\n", table.kernel, table.head_size);
  if (table.resident_heads > 0.0) text += fmt::format("    resident_heads: {}\n", table.resident_heads);
  text += "    points:\n";
  for (const WkvPoint& point : table.points)
    text += fmt::format("      - [{}, {}, {:.6g}]\n", point.heads, point.sequence, point.seconds);
  return text;
}

}  // namespace

EfficiencyProfile read_efficiency_profile(const YamlNode& root) {
  MapReader map(root, "efficiency profile");
  check_schema(map, schema);
  EfficiencyProfile profile{.name = read_string(map.require("name")),
                            .accelerator = read_string(map.require("accelerator")),
                            .stack = read_string(map.require("stack"))};
  if (const YamlNode* date = map.find("date")) profile.date = read_string(*date);
  constexpr long long most_rows = 1'000'000;
  profile.rows = static_cast<int>(read_integer(map.require("rows"), 0, most_rows));
  profile.step_time_spread = read_number(map.require("step_time_spread"), 0.0, most_spread);
  profile.row_spread = read_number(map.require("row_spread"), 0.0, most_spread);
  profile.memory_spread = read_number(map.require("memory_spread"), 0.0, most_spread);
  const std::string source = read_string(map.require("source"));
  if (const YamlNode* seen = map.find("seen")) profile.seen = read_kinds(*seen);
  const YamlNode& parameters = map.require("parameters");
  if (const YamlNode* recurrences = map.find("recurrences")) {
    if (recurrences->kind != YamlNode::Kind::sequence)
      throw InputError(recurrences->location, "a list of measured recurrences is wanted");
    for (const YamlNode& each : recurrences->items)
      profile.recurrences.push_back(read_recurrence(each, profile.accelerator));
  }
  map.finish();
  MapReader values(parameters, "parameters");
  for (const ParameterRow& row : parameter_table()) {
    ProfileParameter& parameter = profile.parameters[index_of(row.parameter)];
    if (const YamlNode* node = values.find(row.name)) {
      parameter = read_parameter(*node, row, source);
    } else {
      parameter = {row.typical, prior_spread(row), {.origin = Origin::assumed, .source = "typical value"}};
    }
  }
  values.finish();
  return profile;
}

std::string write_efficiency_profile(const EfficiencyProfile& profile) {
  std::string text = fmt::format(
      "# What {} achieves with {}. Values within their physical bounds; `spread` is the standard deviation "
      "of the\n"
      "# value's logit between them (docs/efficiency.md).\n"
      "schema: {}\nname: {}\naccelerator: {}\nstack: {}\n",
      profile.accelerator, profile.stack, schema, profile.name, profile.accelerator, profile.stack);
  if (!profile.date.empty()) text += fmt::format("date: \"{}\"\n", profile.date);
  text += fmt::format("rows: {}\nstep_time_spread: {:.4f}\nrow_spread: {:.4f}\nmemory_spread: {:.4f}\n",
                      profile.rows, profile.step_time_spread, profile.row_spread, profile.memory_spread);
  if (!profile.seen.empty()) text += fmt::format("seen: [{}]\n", text_of(profile.seen));
  text += fmt::format("source: \"{}\"\nparameters:\n", profile.parameters.front().provenance.source);
  for (const ParameterRow& row : parameter_table()) {
    const ProfileParameter& parameter = profile.parameters[index_of(row.parameter)];
    text += fmt::format("  {}: {{value: {:#.5g}, spread: {:#.3g}, origin: {}}}\n", row.name, parameter.value,
                        parameter.spread, name_of(parameter.provenance.origin));
  }
  if (!profile.recurrences.empty()) text += "recurrences:  # each point: [B·H, T, seconds of one launch]\n";
  for (const WkvTable& table : profile.recurrences)
    text += text_of(table);
  return text;
}

std::vector<std::string> efficiency_profile_names(const ProfileFolder& profiles) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& folder : fs::directory_iterator(profiles.path("efficiency"), ignored)) {
    if (!folder.is_directory()) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(folder.path(), ignored)) {
      if (file.path().extension() == ".yaml")
        names.push_back(folder.path().filename().string() + "/" + file.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

EfficiencyProfile find_efficiency_profile(const ProfileFolder& profiles, const std::string& name,
                                          const Location& where) {
  if (name.ends_with(".yaml")) return read_efficiency_profile(read_yaml_file(name));
  const std::vector<std::string> names = efficiency_profile_names(profiles);
  if (std::find(names.begin(), names.end(), name) == names.end())
    refuse_unknown("efficiency profile", name, names, where);
  EfficiencyProfile profile =
      read_efficiency_profile(read_yaml_file(profiles.path("efficiency/" + name + ".yaml")));
  if (profile.name != name)
    throw InputError({.file = name}, "the profile is called '" + profile.name + "' inside its file");
  return profile;
}

}  // namespace trainbudget::io
