#include "device/cuda_library.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace trainbudget::microbench {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders_of(std::initializer_list<const char*> variables,
                                 std::initializer_list<const char*> fixed) {
  std::vector<fs::path> folders;
  for (const char* variable : variables) {
    if (const char* folder = std::getenv(variable)) folders.emplace_back(folder);
  }
  folders.insert(folders.end(), fixed.begin(), fixed.end());
  return folders;
}

/// The folders in `folder`; none where it cannot be read.
std::vector<fs::path> inside(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    if (entry->is_directory(ignored)) found.push_back(entry->path());
  }
  return found;
}

/// Of every Python that PATH leads to: <prefix>/bin/python3. That of a virtual environment is a link, not to
/// be followed.
std::vector<fs::path> prefixes_of_path() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  std::vector<fs::path> found;
  std::error_code ignored;
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path python = fs::path(folder) / "python3";
    // The folder may end with a slash, which that of the program does not.
    if (fs::exists(python, ignored)) found.push_back(python.parent_path().parent_path());
  }
  return found;
}

/// Where wheels put libraries: <prefix>/lib/python3.x/site-packages/nvidia/<part>/lib.
std::vector<fs::path> folders_of_wheels() {
  std::vector<fs::path> prefixes =
      folders_of({"VIRTUAL_ENV", "CONDA_PREFIX"}, {"/usr/local", "/usr", "/opt/conda", "/opt/venv"});
  if (const char* home = std::getenv("HOME")) prefixes.push_back(fs::path(home) / ".local");
  for (const fs::path& prefix : prefixes_of_path())
    prefixes.push_back(prefix);
  std::vector<fs::path> found;
  for (const fs::path& prefix : prefixes) {
    for (const fs::path& python : inside(prefix / "lib")) {
      if (python.filename().string().rfind("python3", 0) != 0) continue;
      for (const char* packages : {"site-packages", "dist-packages"}) {
        for (const fs::path& part : inside(python / packages / "nvidia"))
          found.push_back(part / "lib");
      }
    }
  }
  return found;
}

}  // namespace

SharedLibrary open_cuda_library(const std::string& name) {
  SharedLibrary found(name);
  if (found.opened()) return found;
  std::vector<fs::path> folders;
  for (const fs::path& toolkit : folders_of({"CUDA_HOME", "CUDA_PATH"}, {"/usr/local/cuda"})) {
    for (const char* folder : {"lib64", "lib", "targets/x86_64-linux/lib"})
      folders.push_back(toolkit / folder);
  }
  for (const fs::path& folder : folders_of_wheels())
    folders.push_back(folder);
  std::optional<SharedLibrary> unusable;
  for (const fs::path& folder : folders) {
    std::error_code ignored;
    if (!fs::exists(folder / name, ignored)) continue;
    SharedLibrary next((folder / name).string());
    if (next.opened()) return next;
    if (!unusable) unusable.emplace(std::move(next));
  }
  return unusable ? std::move(*unusable) : std::move(found);
}

}  // namespace trainbudget::microbench
