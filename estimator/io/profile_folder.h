// Where the profiles are and what they are called. A profile is read when it is asked for, and only that one.
#pragma once

#include "io/input_error.h"

#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

class ProfileFolder {
 public:
  /// `root` holds accelerators/, clusters/, prices/, efficiency/ and power.yaml.
  explicit ProfileFolder(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string path(std::string_view file) const { return root_ + "/" + std::string(file); }

  /// The file of the profile `name` of one kind, whether it exists or not.
  std::string file(const std::string& kind, const std::string& name) const;

  /// Names of the profiles of one kind ("accelerators", "clusters"), sorted. Throws InputError without the
  /// folder.
  std::vector<std::string> names(const std::string& kind) const;

  /// The file of the profile that `name` means: its name in any letter case, the beginning of exactly one
  /// name (up to a dash), or an alias of the profile. Throws at `where` for a name that several profiles
  /// begin with, listing them, and for an unknown one, with the nearest.
  std::string find(const std::string& kind, const std::string& name, const Location& where) const;

 private:
  std::string root_;
};

/// The folder to use: `option` (--profiles), else TRAINBUDGET_PROFILES, else
/// ../share/trainbudget/hardware_profiles beside the executable, else the source tree that the program was
/// built from. Throws where a named one does not exist.
ProfileFolder profile_folder(const std::string& option);

}  // namespace trainbudget::io
