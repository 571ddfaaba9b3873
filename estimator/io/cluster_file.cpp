#include "io/cluster_file.h"

#include "io/map_reader.h"
#include "io/sourced_reader.h"

#include <vector>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

Tier read_tier(const YamlNode& node, SourcedReader& numbers, std::vector<Dispute>& disputes) {
  MapReader map(node, "tier");
  Tier tier{.name = read_string(map.require("name"))};
  if (const YamlNode* size = map.find("group_size"))
    tier.group_size = numbers.read<double>(*size, "group_size", &disputes);
  tier.bandwidth = numbers.read<BytesPerSecond>(map.require("bandwidth"), "bandwidth", &disputes,
                                                magnitude::link_bandwidth);
  tier.latency = numbers.read<Seconds>(map.require("latency"), "latency", &disputes, magnitude::link_latency);
  if (const YamlNode* topology = map.find("topology")) {
    constexpr std::string_view words[] = {"switch", "mesh"};
    tier.mesh = read_word(*topology, "topology", words) == 1;
    if (tier.mesh && !tier.group_size)
      throw InputError(topology->location, "a mesh of no stated size", "add group_size");
  }
  if (const YamlNode* note = map.find("note")) tier.note = read_string(*note);
  map.finish();
  return tier;
}

/// A double-quoted YAML string.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) >= ' ') result += c;
  }
  return result + "\"";
}

/// Numbers as text, and the sources that they name.
class SourcedWriter {
 public:
  std::string number(const std::string& value, const Provenance& provenance) {
    const std::string note = provenance.note.empty() ? "" : ", note: " + quoted(provenance.note);
    return fmt::format("{{value: {}, from: {}{}}}", value, name_of_source(provenance), note);
  }

  std::string sources() const {
    std::string text = "sources:\n";
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Provenance& source = sources_[i];
      const std::string date = source.date.empty() ? "" : fmt::format(", date: \"{}\"", source.date);
      text += fmt::format("  {}: {{origin: {}{}, source: {}}}\n", names_[i], name_of(source.origin), date,
                          quoted(source.source));
    }
    return text;
  }

 private:
  const std::string& name_of_source(const Provenance& provenance) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Provenance& known = sources_[i];
      if (known.origin == provenance.origin && known.source == provenance.source &&
          known.date == provenance.date)
        return names_[i];
    }
    sources_.push_back(provenance);
    names_.push_back(fmt::format("{}_{}", name_of(provenance.origin), sources_.size()));
    return names_.back();
  }

  std::vector<Provenance> sources_;
  std::vector<std::string> names_;
};

std::string text_of(const Tier& tier, SourcedWriter& numbers) {
  std::string text = fmt::format("  - name: {}\n", quoted(tier.name));
  if (tier.group_size) {
    text += fmt::format("    group_size: {}\n", numbers.number(fmt::format("{:.0f}", tier.group_size->value),
                                                               tier.group_size->provenance));
  }
  text += fmt::format("    bandwidth: {}\n",
                      numbers.number(fmt::format("{:.6f} GB/s", 1e-9 * tier.bandwidth.value.value),
                                     tier.bandwidth.provenance));
  text += fmt::format(
      "    latency: {}\n",
      numbers.number(fmt::format("{:.6f} us", 1e6 * tier.latency.value.value), tier.latency.provenance));
  if (tier.mesh) text += "    topology: mesh\n";
  if (!tier.note.empty()) text += fmt::format("    note: {}\n", quoted(tier.note));
  return text;
}

}  // namespace

std::string write_cluster_profile(const Cluster& cluster) {
  SourcedWriter numbers;
  std::string text =
      fmt::format("# {}. Bandwidths are per accelerator and direction.\nschema: trainbudget/cluster/1\n",
                  cluster.title) +
      fmt::format("name: {}\ntitle: {}\naccelerator: {}\n", cluster.name, quoted(cluster.title),
                  cluster.accelerator);
  if (!cluster.provider.empty()) text += fmt::format("provider: {}\n", cluster.provider);
  if (!cluster.instance.empty()) text += fmt::format("instance: {}\n", quoted(cluster.instance));
  const auto list = [&](std::string_view key, const std::vector<std::string>& items) {
    if (items.empty()) return;
    text += fmt::format("{}:\n", key);
    for (const std::string& item : items)
      text += fmt::format("  - {}\n", quoted(item));
  };
  list("aliases", cluster.aliases);
  text += fmt::format("accelerators_per_node: {}\n\ntiers: # innermost first\n",
                      numbers.number(fmt::format("{:.0f}", cluster.accelerators_per_node.value),
                                     cluster.accelerators_per_node.provenance));
  for (const Tier& tier : cluster.tiers)
    text += text_of(tier, numbers);
  text += "\n";
  const auto power = [&](std::string_view key, const std::optional<Sourced<Watts>>& watts) {
    if (watts)
      text += fmt::format("{}: {}\n", key,
                          numbers.number(fmt::format("{:.10g} W", watts->value.value), watts->provenance));
  };
  power("overhead_power", cluster.overhead_power);
  power("rated_power", cluster.rated_power);
  list("notes", cluster.notes);
  return text + numbers.sources();
}

Cluster read_cluster_file(const std::string& path) {
  const YamlNode root = read_yaml_file(path);
  MapReader map(root, "cluster profile");
  check_schema(map, "trainbudget/cluster/1");
  SourcedReader numbers(map.require("sources"));
  Cluster cluster{.name = read_string(map.require("name")), .title = read_string(map.require("title"))};
  if (const YamlNode* provider = map.find("provider")) cluster.provider = read_string(*provider);
  cluster.accelerator = read_string(map.require("accelerator"));
  if (const YamlNode* instance = map.find("instance")) cluster.instance = read_string(*instance);
  if (const YamlNode* aliases = map.find("aliases")) cluster.aliases = read_strings(*aliases);
  cluster.accelerators_per_node =
      numbers.read<double>(map.require("accelerators_per_node"), "accelerators_per_node", &cluster.disputes);

  const YamlNode& tiers = map.require("tiers");
  if (tiers.kind != YamlNode::Kind::sequence || tiers.items.empty()) {
    throw InputError(tiers.location, "a list of at least one tier is wanted, innermost first");
  }
  for (const YamlNode& tier : tiers.items)
    cluster.tiers.push_back(read_tier(tier, numbers, cluster.disputes));
  if (const YamlNode* power = map.find("overhead_power"))
    cluster.overhead_power = numbers.read<Watts>(*power, {}, nullptr, magnitude::node_power);
  if (const YamlNode* power = map.find("rated_power"))
    cluster.rated_power = numbers.read<Watts>(*power, {}, nullptr, magnitude::node_power);
  if (const YamlNode* notes = map.find("notes")) cluster.notes = read_strings(*notes);
  map.finish();
  return cluster;
}

Cluster find_cluster(const ProfileFolder& profiles, const std::string& name, const Location& where) {
  if (name.ends_with(".yaml")) return read_cluster_file(name);
  const std::string path = profiles.find("clusters", name, where);
  Cluster found = read_cluster_file(path);
  check_file_name(path, found.name);
  return found;
}

}  // namespace trainbudget::io
