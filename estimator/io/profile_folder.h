// Where the profiles are and what they are called. A profile is read when it is asked for, and only that one.
#pragma once

#include "io/input_error.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// The kinds of profiles. Models lie beside the hardware, in a folder of their own.
inline constexpr const char* accelerator_profiles = "accelerators";
inline constexpr const char* cluster_profiles = "clusters";
inline constexpr const char* model_profiles = "../model_profiles";

class ProfileFolder {
 public:
  /// `root` holds accelerators/, clusters/, prices/, efficiency/ and power.yaml.
  explicit ProfileFolder(std::string root) : root_(std::move(root)), memory_(std::make_shared<Memory>()) {}

  const std::string& root() const { return root_; }
  std::string path(std::string_view file) const { return root_ + "/" + std::string(file); }

  /// The file of the profile `name` of one kind, whether it exists or not.
  std::string file(const std::string& kind, const std::string& name) const;

  /// Names of the profiles of one kind ("accelerators", "clusters"), sorted. Throws InputError without the
  /// folder.
  std::vector<std::string> names(const std::string& kind) const;

  /// The profiles of one kind that `name` may mean; see names_meant(). Where no name fits, the one that has
  /// `name` as an alias. Empty when there is none.
  std::vector<std::string> meant(const std::string& kind, const std::string& name) const;

  /// The file of the one profile that `name` means: one of one's own where it ends in ".yaml". Throws at
  /// `where` when it may mean several, listing them and asking for the difference, and for an unknown one,
  /// with the nearest.
  std::string find(const std::string& kind, const std::string& name, const Location& where) const;

  /// What `read()` returns, called once for each `key` and remembered by this folder and its copies: a sweep
  /// over scenarios reads each file once. A key stands for one type. Safe to call from several threads.
  template <class T, class Read>
  std::shared_ptr<const T> once(const std::string& key, Read read) const;

 private:
  struct Memory {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<const void>, std::less<>> values;
  };
  /// Where a sweep asks for more different things than this, the memory is emptied and filled anew.
  static constexpr std::size_t most_remembered = 4096;

  std::string root_;
  std::shared_ptr<Memory> memory_;
};

template <class T, class Read>
std::shared_ptr<const T> ProfileFolder::once(const std::string& key, Read read) const {
  {
    const std::scoped_lock lock(memory_->mutex);
    const auto known = memory_->values.find(key);
    if (known != memory_->values.end()) return std::static_pointer_cast<const T>(known->second);
  }
  auto value = std::make_shared<const T>(read());
  const std::scoped_lock lock(memory_->mutex);
  if (memory_->values.size() >= most_remembered) memory_->values.clear();
  memory_->values[key] = value;
  return value;
}

/// Throws at `where`: `name` may mean all of `found`.
[[noreturn]] void refuse_ambiguous(const std::string& name, const std::vector<std::string>& found,
                                   const Location& where);
/// Throws at `where`: no `what` is called `name`. Suggests the nearest of `known`.
[[noreturn]] void refuse_unknown(const std::string& what, const std::string& name,
                                 const std::vector<std::string>& known, const Location& where);

/// Throws unless the profile in `path` is called what its file is called: profiles are found by file name.
void check_file_name(const std::string& path, const std::string& name);

/// The folder to use: `option` (--profiles), else TRAINBUDGET_PROFILES, else
/// ../share/trainbudget/hardware_profiles beside the executable, else the source tree that the program was
/// built from. Throws where a named one does not exist.
ProfileFolder profile_folder(const std::string& option);

}  // namespace trainbudget::io
