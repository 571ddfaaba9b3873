#include "catch.h"
#include "input_error_of.h"
#include "io/file.h"
#include "io/yaml_node.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trainbudget::io;
namespace fs = std::filesystem;

namespace {

/// A folder of its own for each test, gone afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "trainbudget-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::ptrdiff_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

std::string read_error(const std::string& path) {
  return input_error_of([&] { read_file(path, 1000); }).what();
}

std::string write_error(const std::string& path) {
  return input_error_of([&] { write_file(path, "new"); }).what();
}

}  // namespace

TEST_CASE("a file is written and read whole") {
  const Folder folder;
  const std::string content("a\0b\n", 4);
  write_file(folder / "x", content);
  CHECK(read_file(folder / "x", 1000) == content);
  CHECK(read_file(folder / "x", 4) == content);
  write_file(folder / "x", "");
  CHECK(read_file(folder / "x", 1000).empty());
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("files that cannot be read say why") {
  const Folder folder;
  write_file(folder / "scenario.yaml", "a: 1");
  CHECK_THAT(read_error(folder / "nothing-like-it"), ContainsSubstring("no such file"));
  CHECK_THAT(input_error_of([&] { read_file(folder / "scenaro.yaml", 10); }).hint,
             ContainsSubstring("scenario.yaml'?"));
  CHECK_THAT(read_error(folder.path().string()), ContainsSubstring("this is a folder"));
  CHECK_THAT(read_error(folder / "scenario.yaml/x"), ContainsSubstring("not a folder"));
  CHECK_THAT(read_error(""), ContainsSubstring("a file name is missing"));
  CHECK_THAT(read_error(std::string("a\0b", 3)), ContainsSubstring("NUL"));
  if (::geteuid() != 0) {
    fs::permissions(folder / "scenario.yaml", fs::perms::none);
    CHECK_THAT(read_error(folder / "scenario.yaml"), ContainsSubstring("permission denied"));
  }
}

TEST_CASE("a large file is refused unread") {
  const Folder folder;
  { std::ofstream(folder / "large"); }
  fs::resize_file(folder / "large", std::uintmax_t{100} << 30);  // sparse: takes no room on the disk
  CHECK_THAT(read_error(folder / "large"), ContainsSubstring("too large"));
  CHECK_THAT(input_error_of([&] { read_yaml_file(folder / "large"); }).what(),
             ContainsSubstring("at most 1 MiB"));
}

TEST_CASE("devices and named pipes are refused at once") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_THAT(read_error(folder / "pipe"), ContainsSubstring("device or a pipe"));
  CHECK_THAT(read_error("/dev/zero"), ContainsSubstring("device or a pipe"));
}

TEST_CASE("a file whose size the system does not tell is read, up to the limit") {
  if (!fs::exists("/proc/self/status")) return;
  CHECK(read_file("/proc/self/status", 100'000).find("Pid:") != std::string::npos);
  CHECK_THAT(input_error_of([] { read_file("/proc/self/status", 10); }).what(),
             ContainsSubstring("too large"));
}

TEST_CASE("a file that is replaced keeps its permissions and its links") {
  const Folder folder;
  write_file(folder / "x", "old");
  fs::permissions(folder / "x", fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  fs::create_symlink("x", folder / "link");
  write_file(folder / "link", "new");
  CHECK(content_of(folder / "x") == "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK((fs::status(folder / "x").permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read));
}

TEST_CASE("a new file has the permissions that the umask leaves") {
  const Folder folder;
  const mode_t before = ::umask(027);
  write_file(folder / "x", "new");
  ::umask(before);
  CHECK((fs::status(folder / "x").permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read));
}

TEST_CASE("files that cannot be written say why, and leave nothing behind") {
  const Folder folder;
  CHECK_THAT(write_error(folder / "missing/x"), ContainsSubstring("no such file or folder"));
  CHECK_THAT(write_error(folder.path().string()), ContainsSubstring("this is a folder"));
  CHECK_THAT(write_error(""), ContainsSubstring("a file name is missing"));
  CHECK_THAT(write_error("/dev/full"), ContainsSubstring("no space left"));
  if (::geteuid() != 0) {
    write_file(folder / "x", "old");
    fs::permissions(folder / "x", fs::perms::owner_read);
    CHECK_THAT(write_error(folder / "x"), ContainsSubstring("permission denied"));
    CHECK(content_of(folder / "x") == "old");
    CHECK(files_in(folder.path()) == 1);
  }
}

TEST_CASE("a write that fails half way leaves the old file whole") {
  const Folder folder;
  write_file(folder / "x", "old");
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const InputError error = input_error_of([&] { write_file(folder / "x", std::string(5000, 'n')); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK_THAT(error.what(), ContainsSubstring("cannot write"));
  CHECK(content_of(folder / "x") == "old");
  CHECK(files_in(folder.path()) == 1);
}
