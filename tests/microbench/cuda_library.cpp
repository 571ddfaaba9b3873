// Where libraries of CUDA are found on a machine that has them among the wheels of a Python alone.
#include "device/cuda_library.h"

#include "catch.h"
#include "support/process.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

using namespace trainbudget::microbench;
using namespace trainbudget::testing;

namespace {

namespace fs = std::filesystem;

constexpr const char* name = "libtrainbudget_of_a_wheel.so.13";

/// Environment variables, put back at the end.
class Environment {
 public:
  Environment() {
    // What the machine itself has is not meant.
    for (const char* variable : {"CUDA_HOME", "CUDA_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "HOME", "PATH"})
      set(variable, std::nullopt);
  }
  ~Environment() {
    for (const auto& [variable, value] : before_)
      assign(variable, value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void set(const std::string& variable, const std::optional<std::string>& value) {
    const char* old = std::getenv(variable.c_str());
    before_.try_emplace(variable, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
    assign(variable, value);
  }

 private:
  static void assign(const std::string& variable, const std::optional<std::string>& value) {
    if (value) {
      setenv(variable.c_str(), value->c_str(), 1);
    } else {
      unsetenv(variable.c_str());
    }
  }
  std::map<std::string, std::optional<std::string>> before_;
};

/// A folder with Pythons and toolkits in it.
class Folders {
 public:
  std::string path(const std::string& place) const { return folder_.path() + "/" + place; }
  /// Puts the library into `place`, a folder.
  void add(const std::string& place) const {
    fs::create_directories(path(place));
    fs::copy_file(WHEEL_LIBRARY, path(place) + "/" + name);
  }
  void add_broken(const std::string& place) const {
    folder_.write(place + "/" + name, "this is no library\n");
  }
  /// A Python whose program is a link to that of the system, as in virtual environments.
  void add_python(const std::string& prefix) const {
    fs::create_directories(path(prefix + "/bin"));
    fs::create_symlink("/usr/bin/python3", path(prefix + "/bin/python3"));
  }
  /// The folder, below this one, of the library that is opened; empty where none is.
  std::string found() const {
    const SharedLibrary library = open_cuda_library(name);
    if (!library.opened()) return "";
    auto* answer = library.find<int()>("answer");
    REQUIRE(answer != nullptr);
    CHECK(answer() == 42);
    Dl_info place{};
    REQUIRE(dladdr(reinterpret_cast<void*>(answer), &place) != 0);
    return fs::relative(fs::path(place.dli_fname).parent_path(), folder_.path()).string();
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a library of CUDA that is nowhere is told in the words of the linker") {
  Environment environment;
  const SharedLibrary missing = open_cuda_library(name);
  CHECK_FALSE(missing.opened());
  CHECK_THAT(missing.error(), ContainsSubstring(name) && ContainsSubstring("cannot open shared object file"));
}

TEST_CASE("a library of CUDA that the linker knows is taken as it is") {
  Environment environment;
  CHECK(open_cuda_library("libc.so.6").opened());
}

TEST_CASE("a library of CUDA is found among the wheels of each Python that the environment names") {
  const Folders machine;
  Environment environment;
  // As nvidia-cublas lays it out for CUDA 13, and Debian's pip outside a virtual environment.
  const std::string virtual_environment = "venv/lib/python3.12/site-packages/nvidia/cu13/lib";
  const std::string debian = "usr/lib/python3/dist-packages/nvidia/cublas/lib";
  const std::string user = "home/.local/lib/python3.11/site-packages/nvidia/cublas/lib";
  for (const std::string& place : {virtual_environment, debian, user})
    machine.add(place);
  CHECK(machine.found().empty());
  const auto with = [&](const std::string& variable, const std::string& value) {
    Environment alone;
    alone.set(variable, value);
    return machine.found();
  };
  CHECK(with("VIRTUAL_ENV", machine.path("venv")) == virtual_environment);
  CHECK(with("CONDA_PREFIX", machine.path("usr")) == debian);
  CHECK(with("HOME", machine.path("home")) == user);
}

TEST_CASE("a library of CUDA is found among the wheels of a Python in PATH") {
  const Folders machine;
  Environment environment;
  const std::string place = "python/lib/python3.10/site-packages/nvidia/cublas/lib";
  machine.add(place);
  const std::string folder = machine.path("python/bin");
  environment.set("PATH", "/nonexistent:" + folder);
  CHECK(machine.found().empty());  // there is no Python in it
  machine.add_python("python");
  CHECK(machine.found() == place);
  environment.set("PATH", folder + "/:/nonexistent");
  CHECK(machine.found() == place);
}

TEST_CASE("a toolkit goes before wheels, and what cannot be opened is passed over") {
  const Folders machine;
  Environment environment;
  environment.set("CUDA_HOME", machine.path("cuda"));
  environment.set("VIRTUAL_ENV", machine.path("venv"));
  environment.set("CONDA_PREFIX", machine.path("conda"));
  const std::string in_python = "/lib/python3.12/site-packages/nvidia/nccl/lib";
  machine.add("conda" + in_python);
  machine.add_broken("venv" + in_python);
  CHECK(machine.found() == "conda" + in_python);
  machine.add("cuda/lib64");
  CHECK(machine.found() == "cuda/lib64");
}

TEST_CASE("a library of CUDA that is found but cannot be opened is not said to be missing") {
  const Folders machine;
  Environment environment;
  environment.set("VIRTUAL_ENV", machine.path("venv"));
  const std::string place = "venv/lib/python3.12/site-packages/nvidia/cublas/lib";
  machine.add_broken(place);
  const SharedLibrary library = open_cuda_library(name);
  CHECK_FALSE(library.opened());
  CHECK_THAT(library.error(), ContainsSubstring(machine.path(place)));
}
