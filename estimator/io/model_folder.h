// Where the model profiles are and what they are called.
#pragma once

#include "core/model_profile.h"
#include "io/input_error.h"

#include <string>
#include <vector>

namespace trainbudget::io {

class ModelFolder {
 public:
  /// `root` holds one <name>.yaml for each model.
  explicit ModelFolder(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string file(const std::string& name) const { return root_ + "/" + name + ".yaml"; }

  /// The names of all profiles, sorted. Throws InputError without the folder.
  std::vector<std::string> names() const;

  /// The profile that `name` means: its name or the beginning of its words, as for accelerators, else one of
  /// its aliases ("meta-llama/Llama-3.1-8B"), letter case aside. Throws at `where` when it may mean several
  /// and when it means none, with the nearest.
  ModelProfile find(const std::string& name, const Location& where) const;

  /// All profiles, by name.
  std::vector<ModelProfile> read_all() const;

 private:
  std::string root_;
};

/// The folder to use: TRAINBUDGET_MODELS, else ../share/trainbudget/model_profiles beside the executable,
/// else the source tree that the program was built from.
ModelFolder model_folder();

}  // namespace trainbudget::io
