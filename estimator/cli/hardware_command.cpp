// trainbudget hardware: the accelerators and clusters that profiles describe.
#include "cli/command.h"
#include "core/hardware_doubts.h"
#include "io/accelerator_file.h"
#include "io/cluster_file.h"
#include "io/map_reader.h"
#include "io/profile_folder.h"
#include "io/profile_names.h"
#include "render/hardware_table.h"

#include <memory>

#include <fmt/format.h>

namespace trainbudget::cli {
namespace {

int list(const GlobalOptions& global, bool clusters) {
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const std::string kind = clusters ? "clusters" : "accelerators";
  std::vector<Accelerator> accelerators;
  std::vector<Cluster> all_clusters;
  for (const std::string& name : profiles.names(kind)) {
    const std::string file = profiles.file(kind, name);
    if (clusters) {
      all_clusters.push_back(io::read_cluster_file(file));
    } else {
      accelerators.push_back(io::read_accelerator_file(file));
    }
  }
  emit(renderer_of(clusters ? render::cluster_list(all_clusters) : render::accelerator_list(accelerators)),
       global.output);
  return 0;
}

bool is_cluster_file(const std::string& file) {
  const io::YamlNode root = io::read_yaml_file(file);
  io::MapReader map(root, "profile");
  constexpr std::string_view kinds[] = {"trainbudget/accelerator/1", "trainbudget/cluster/1"};
  return io::read_word(map.require("schema"), "schema", kinds) == 1;
}

int show(const GlobalOptions& global, const std::string& name) {
  if (name.ends_with(".yaml")) {
    emit(renderer_of(is_cluster_file(name) ? render::cluster_details(io::read_cluster_file(name))
                                           : render::accelerator_details(io::read_accelerator_file(name))),
         global.output);
    return 0;
  }
  const io::ProfileFolder profiles = io::profile_folder(global.profiles);
  const io::Location where = io::option_location("NAME", name);
  const std::vector<std::string> accelerators = profiles.meant("accelerators", name);
  const std::vector<std::string> clusters = profiles.meant("clusters", name);
  if (accelerators.size() + clusters.size() != 1) {
    std::vector<std::string> found = accelerators;
    found.insert(found.end(), clusters.begin(), clusters.end());
    // A whole name beats the beginning of others: the accelerator "gb200" beside the cluster "gb200-nvl72".
    const bool whole = accelerators.size() == 1 && accelerators.front() == io::lower_case(name);
    if (!whole && found.empty()) {
      std::vector<std::string> known = profiles.names("accelerators");
      const std::vector<std::string> more = profiles.names("clusters");
      known.insert(known.end(), more.begin(), more.end());
      io::refuse_unknown("accelerator or cluster", name, known, where);
    }
    if (!whole) io::refuse_ambiguous(name, found, where);
  }
  emit(renderer_of(accelerators.empty()
                       ? render::cluster_details(io::find_cluster(profiles, clusters.front(), where))
                       : render::accelerator_details(io::find_accelerator(profiles, name, where))),
       global.output);
  return 0;
}

int validate(const std::string& file) {
  const auto report = [&](const std::string& kind, const auto& profile) {
    for (const std::string& doubt : doubts(profile))
      say(fmt::format("warning: {}: {}\n", file, doubt));
    write_stdout(file + ": a valid " + kind + " profile of '" + profile.name + "'\n");
  };
  if (is_cluster_file(file)) {
    report("cluster", io::read_cluster_file(file));
  } else {
    report("accelerator", io::read_accelerator_file(file));
  }
  return 0;
}

}  // namespace

std::vector<AddedCommand> add_hardware_commands(CLI::App& parent, const GlobalOptions& global) {
  CLI::App* app = parent.add_subcommand("hardware", "Accelerators and clusters: list, show, validate");
  app->require_subcommand(0, 1);
  const auto clusters = std::make_shared<bool>(false);
  const auto name = std::make_shared<std::string>();
  CLI::App* list_app = app->add_subcommand("list", "All accelerators, or all clusters");
  list_app->add_flag("--clusters", *clusters, "Clusters instead of accelerators");
  CLI::App* show_app = app->add_subcommand("show", "Every number of one profile, with its source");
  show_app->add_option("name", *name, "Accelerator or cluster")->required()->type_name("NAME");
  CLI::App* validate_app = app->add_subcommand("validate", "Check a profile file of your own");
  validate_app->add_option("file", *name, "Profile (YAML)")->required()->type_name("FILE");
  return {{list_app, [=, &global] { return list(global, *clusters); }},
          {show_app, [=, &global] { return show(global, *name); }},
          {validate_app, [=] { return validate(*name); }}};
}

}  // namespace trainbudget::cli
