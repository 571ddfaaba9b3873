#include "io/profile_folder.h"

#include "io/map_reader.h"
#include "io/profile_names.h"
#include "io/suggest.h"
#include "io/yaml_node.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace trainbudget::io {
namespace {

namespace fs = std::filesystem;

bool has_alias(const std::string& file, const std::string& wanted) {
  const YamlNode node = read_yaml_file(file);
  MapReader map(node, "profile");
  const YamlNode* aliases = map.find("aliases");
  if (aliases == nullptr) return false;
  const std::vector<std::string> words = read_strings(*aliases);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return lower_case(word) == wanted; });
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string ProfileFolder::file(const std::string& kind, const std::string& name) const {
  std::string relative = kind;
  relative.append("/").append(name).append(".yaml");
  return path(relative);
}

std::vector<std::string> ProfileFolder::names(const std::string& kind) const {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path(kind), error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".yaml") names.push_back(entry->path().stem().string());
  }
  if (error)
    throw InputError({.file = path(kind)}, "cannot read the folder: " + error.message(),
                     "--profiles DIR names another one");
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ProfileFolder::meant(const std::string& kind, const std::string& name) const {
  const auto known_names = once<std::vector<std::string>>("names " + kind, [&] { return names(kind); });
  const std::vector<std::string>& all = *known_names;
  std::vector<std::string> meant = names_meant(all, name);
  if (!meant.empty()) return meant;
  const std::string wanted = lower_case(name);
  const auto known = std::find_if(all.begin(), all.end(), [&](const std::string& candidate) {
    return has_alias(file(kind, candidate), wanted);
  });
  if (known != all.end()) meant.push_back(*known);
  return meant;
}

std::string ProfileFolder::find(const std::string& kind, const std::string& name,
                                const Location& where) const {
  if (name.ends_with(".yaml")) return name;
  const auto known =
      once<std::vector<std::string>>("meant " + kind + " " + name, [&] { return meant(kind, name); });
  const std::vector<std::string>& found = *known;
  if (found.empty())
    refuse_unknown(kind == accelerator_profiles ? "accelerator"
                   : kind == cluster_profiles   ? "cluster"
                                                : "model",
                   name, names(kind), where);
  if (found.size() > 1) refuse_ambiguous(name, found, where);
  return file(kind, found.front());
}

void refuse_ambiguous(const std::string& name, const std::vector<std::string>& found, const Location& where) {
  throw InputError(where, "'" + name + "' is ambiguous: " + joined(found), question_between(found));
}

void refuse_unknown(const std::string& what, const std::string& name, const std::vector<std::string>& known,
                    const Location& where) {
  const std::string near = did_you_mean_any(lower_case(name), known);
  throw InputError(where, "unknown " + what + " '" + name + "'",
                   near.empty()
                       ? what == "model"
                             ? "'trainbudget models list' shows them all; a file of your own ends in .yaml; "
                               "--config takes a Hugging Face config.json"
                         : what.starts_with("efficiency") ? "'trainbudget efficiency list' shows them all"
                                                          : "'trainbudget hardware list' shows them all"
                       : near);
}

void check_file_name(const std::string& path, const std::string& name) {
  const std::string stem = fs::path(path).stem().string();
  if (stem != name)
    throw InputError({.file = path}, "the profile is called '" + name + "', its file '" + stem + "'",
                     "profiles are found by the names of their files: rename one of the two");
}

ProfileFolder profile_folder(const std::string& option) {
  std::error_code error;
  if (!option.empty()) {
    if (!fs::is_directory(option, error))
      throw InputError({.file = "--profiles"}, "'" + option + "' is no folder");
    return ProfileFolder(option);
  }
  const char* variable = std::getenv("TRAINBUDGET_PROFILES");
  if (variable != nullptr && *variable != '\0') {
    if (!fs::is_directory(variable, error))
      throw InputError({.file = "TRAINBUDGET_PROFILES"}, "'" + std::string(variable) + "' is no folder");
    return ProfileFolder(variable);
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = program.parent_path() / "../share/trainbudget/hardware_profiles";
  if (!error && fs::is_directory(installed, error))
    return ProfileFolder(installed.lexically_normal().string());
  return ProfileFolder(TRAINBUDGET_SOURCE_PROFILES);
}

}  // namespace trainbudget::io
