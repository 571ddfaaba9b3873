#include "io/model_folder.h"

#include "io/model_file.h"
#include "io/profile_folder.h"
#include "io/profile_names.h"
#include "io/suggest.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace trainbudget::io {
namespace {

namespace fs = std::filesystem;

bool has_alias(const ModelProfile& profile, const std::string& wanted) {
  return std::any_of(profile.aliases.begin(), profile.aliases.end(),
                     [&](const std::string& alias) { return lower_case(alias) == wanted; });
}

}  // namespace

std::vector<std::string> ModelFolder::names() const {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(root_, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".yaml") names.push_back(entry->path().stem().string());
  }
  if (error)
    throw InputError({.file = root_}, "cannot read the folder: " + error.message(),
                     "TRAINBUDGET_MODELS names another one");
  std::sort(names.begin(), names.end());
  return names;
}

ModelProfile ModelFolder::find(const std::string& name, const Location& where) const {
  const std::vector<std::string> all = names();
  const std::vector<std::string> meant = names_meant(all, name);
  if (meant.size() == 1) return read_model_file(file(meant.front()));
  if (meant.size() > 1) refuse_ambiguous(name, meant, where);
  const std::string wanted = lower_case(name);
  for (const std::string& known : all) {
    ModelProfile profile = read_model_file(file(known));
    if (has_alias(profile, wanted)) return profile;
  }
  const std::string near = did_you_mean_any(wanted, all);
  throw InputError(where, "unknown model '" + name + "'",
                   near.empty() ? "'trainbudget models list' shows them all" : near);
}

std::vector<ModelProfile> ModelFolder::read_all() const {
  std::vector<ModelProfile> profiles;
  for (const std::string& name : names())
    profiles.push_back(read_model_file(file(name)));
  return profiles;
}

ModelFolder model_folder() {
  std::error_code error;
  const char* variable = std::getenv("TRAINBUDGET_MODELS");
  if (variable != nullptr && *variable != '\0') {
    if (!fs::is_directory(variable, error))
      throw InputError({.file = "TRAINBUDGET_MODELS"}, "'" + std::string(variable) + "' is no folder");
    return ModelFolder(variable);
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = program.parent_path() / "../share/trainbudget/model_profiles";
  if (!error && fs::is_directory(installed, error)) return ModelFolder(installed.lexically_normal().string());
  return ModelFolder(TRAINBUDGET_SOURCE_MODELS);
}

}  // namespace trainbudget::io
