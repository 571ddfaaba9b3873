#include "io/run_names.h"

#include "io/map_reader.h"
#include "io/profile_names.h"
#include "io/sourced_reader.h"

namespace trainbudget::io {
namespace {

const std::vector<YamlNode>& items(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence) throw InputError(node.location, "a list is wanted");
  return node.items;
}

std::string text(MapReader& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  return node ? read_string(*node) : std::string();
}

AcceleratorNames read_accelerator(const YamlNode& node) {
  MapReader map(node, "accelerator entry");
  AcceleratorNames names{.gpu = read_string(map.require("gpu"))};
  if (const YamlNode* memory = map.find("memory")) names.memory = read_number(*memory, 1.0, 1e5);
  names.accelerator = read_string(map.require("accelerator"));
  names.cluster = read_string(map.require("cluster"));
  map.finish();
  return names;
}

InterconnectNames read_interconnect(const YamlNode& node) {
  MapReader map(node, "interconnect entry");
  InterconnectNames names{.contains = read_string(map.require("contains")),
                          .accelerator = read_string(map.require("accelerator")),
                          .cluster = read_string(map.require("cluster"))};
  map.finish();
  return names;
}

SoftwareNames read_software(const YamlNode& node) {
  MapReader map(node, "software entry");
  SoftwareNames names{.starts = read_string(map.require("starts")),
                      .note = text(map, "note"),
                      .precision = text(map, "precision")};
  names.stack = read_string(map.require("stack"));
  names.date = text(map, "date");
  if (const YamlNode* sharding = map.find("sharding"))
    names.sharding = static_cast<Sharding>(read_word(*sharding, "sharding", sharding_words));
  if (const YamlNode* sequence = map.find("sequence_parallel"))
    names.sequence_parallel = read_bool(*sequence);
  names.gradient_bytes = read_number(map.require("gradient_bytes"), 1.0, 8.0);
  if (const YamlNode* kept = map.find("micro_batch_gradient_bytes"))
    names.micro_batch_gradient_bytes = read_number(*kept, 0.0, 8.0);
  if (const YamlNode* memory = map.find("memory_in_use")) names.memory_in_use = read_bool(*memory);
  map.finish();
  return names;
}

}  // namespace

const AcceleratorNames* RunNames::find_accelerator(std::string_view gpu, double memory) const {
  for (const AcceleratorNames& names : accelerators) {
    if (names.gpu == gpu && (names.memory == 0.0 || names.memory == memory)) return &names;
  }
  return nullptr;
}

std::string_view RunNames::find_cluster(std::string_view interconnect, std::string_view accelerator) const {
  for (const InterconnectNames& names : interconnects) {
    if (names.accelerator == accelerator && interconnect.find(names.contains) != std::string_view::npos)
      return names.cluster;
  }
  return {};
}

std::string_view RunNames::find_model(std::string_view name) const {
  for (const auto& [published, profile] : models) {
    if (published == name) return profile;
  }
  return {};
}

const SoftwareNames* RunNames::find_software(std::string_view software_text, std::string_view notes,
                                             std::string_view precision) const {
  const std::string lower = lower_case(software_text);
  for (const SoftwareNames& names : software) {
    if (lower.starts_with(lower_case(names.starts)) && notes.find(names.note) != std::string_view::npos &&
        precision.starts_with(names.precision))
      return &names;
  }
  return nullptr;
}

RunNames read_run_names(const YamlNode& root) {
  MapReader map(root, "names of published runs");
  check_schema(map, "trainbudget/run-names/1");
  RunNames names;
  for (const YamlNode& node : items(map.require("accelerators")))
    names.accelerators.push_back(read_accelerator(node));
  for (const YamlNode& node : items(map.require("interconnects")))
    names.interconnects.push_back(read_interconnect(node));
  const YamlNode& models = map.require("models");
  if (models.kind != YamlNode::Kind::mapping) throw InputError(models.location, "a mapping is wanted");
  for (const auto& entry : models.entries)
    names.models.emplace_back(entry.key, read_string(entry.value));
  for (const YamlNode& node : items(map.require("software")))
    names.software.push_back(read_software(node));
  map.finish();
  return names;
}

}  // namespace trainbudget::io
