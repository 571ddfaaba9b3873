#include "io/cluster_file.h"

#include "io/map_reader.h"
#include "io/sourced_reader.h"

namespace trainbudget::io {
namespace {

Tier read_tier(const YamlNode& node, SourcedReader& numbers, std::vector<Dispute>& disputes) {
  MapReader map(node, "tier");
  Tier tier{.name = read_string(map.require("name"))};
  if (const YamlNode* size = map.find("group_size"))
    tier.group_size = numbers.read<double>(*size, "group_size", &disputes);
  tier.bandwidth = numbers.read<BytesPerSecond>(map.require("bandwidth"), "bandwidth", &disputes);
  tier.latency = numbers.read<Seconds>(map.require("latency"), "latency", &disputes);
  if (const YamlNode* note = map.find("note")) tier.note = read_string(*note);
  map.finish();
  return tier;
}

}  // namespace

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
    cluster.overhead_power = numbers.read<Watts>(*power);
  if (const YamlNode* power = map.find("rated_power")) cluster.rated_power = numbers.read<Watts>(*power);
  if (const YamlNode* notes = map.find("notes")) cluster.notes = read_strings(*notes);
  map.finish();
  return cluster;
}

Cluster find_cluster(const ProfileFolder& profiles, const std::string& name, const Location& where) {
  const std::string path = profiles.find("clusters", name, where);
  Cluster found = read_cluster_file(path);
  check_file_name(path, found.name);
  return found;
}

}  // namespace trainbudget::io
