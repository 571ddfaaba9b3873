#include "io/profile_folder.h"

#include "io/map_reader.h"
#include "io/suggest.h"
#include "io/yaml_node.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace trainbudget::io {
namespace {

namespace fs = std::filesystem;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

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

std::string ProfileFolder::find(const std::string& kind, const std::string& name,
                                const Location& where) const {
  const std::string wanted = lower_case(name);
  const std::vector<std::string> all = names(kind);
  const auto file_of = [&](const std::string& found) { return file(kind, found); };
  if (std::binary_search(all.begin(), all.end(), wanted)) return file_of(wanted);
  std::vector<std::string> longer;
  for (const std::string& known : all) {
    if (known.starts_with(wanted + "-")) longer.push_back(known);
  }
  if (longer.size() == 1) return file_of(longer.front());
  if (longer.size() > 1) {
    throw InputError(where, "'" + name + "' could be several: " + joined(longer),
                     "which memory size, PCIe or SXM? Give the full name");
  }
  for (const std::string& known : all) {
    if (has_alias(file_of(known), wanted)) return file_of(known);
  }
  const std::string near = did_you_mean_any(wanted, all);
  const std::string what = kind == "accelerators" ? "accelerator" : "cluster";
  throw InputError(where, "unknown " + what + " '" + name + "'",
                   near.empty() ? "'trainbudget hardware list' shows them all" : near);
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
