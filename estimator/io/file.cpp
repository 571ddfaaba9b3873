#include "io/file.h"

#include "io/input_error.h"
#include "io/suggest.h"
#include "io/text_source.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trainbudget::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_siblings = 2000;  // enough for any profile folder, and a bound for /tmp

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ > STDERR_FILENO) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  /// Closes now; false when the system reports that something could not be written.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

std::string reason(int error) {
  switch (error) {
    case ENOENT:
      return "no such file or folder";
    case EACCES:
      return "permission denied";
    case EISDIR:
      return "this is a folder";
    case ENOTDIR:
      return "part of the path is not a folder";
    case ENOSPC:
      return "no space left on the device";
    default:
      return std::generic_category().message(error);
  }
}

/// The nearest name in the folder of a path that does not exist.
std::string suggest_sibling(const std::string& path) {
  const fs::path wanted(path);
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path(".");
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
    if (names.size() >= most_siblings) break;
  }
  std::sort(names.begin(), names.end());  // the order of a folder differs between machines
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto best = closest(wanted.filename().string(), views);
  if (!best) return {};
  const fs::path found = wanted.has_parent_path() ? wanted.parent_path() / *best : fs::path(*best);
  return "did you mean '" + found.string() + "'?";
}

/// A pipe that the shell opened for us; a pipe by name could wait for its writer for ever.
bool is_inherited(const std::string& path) {
  return path == "-" || path == "/dev/stdin" || path.starts_with("/dev/fd/") ||
         path.starts_with("/proc/self/fd/");
}

bool write_all(const Descriptor& file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Creates a file that did not exist, beside `target`. Unlike mkstemp, open() honours the umask of the user.
std::pair<int, std::string> create_temporary(const std::string& target) {
  const fs::path path(target);
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string name =
        "." + path.filename().string() + "." + std::to_string(::getpid()) + "-" + std::to_string(attempt);
    std::string full = (path.parent_path() / name).string();
    const int descriptor = ::open(full.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return {descriptor, full};
  }
  return {-1, {}};
}

[[noreturn]] void throw_cannot_write(const std::string& path, int error) {
  throw InputError({.file = path}, "cannot write: " + reason(error));
}

void write_directly(const std::string& path, std::string_view content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open() || !write_all(file, content) || !file.close()) throw_cannot_write(path, errno);
}

void write_and_rename(const std::string& path, const std::string& target, std::string_view content,
                      std::optional<mode_t> permissions) {
  const auto [descriptor, temporary] = create_temporary(target);
  if (descriptor < 0) throw_cannot_write(path, errno);
  Descriptor file(descriptor);
  const bool done = write_all(file, content) && (!permissions || ::fchmod(descriptor, *permissions) == 0) &&
                    file.close() && std::rename(temporary.c_str(), target.c_str()) == 0;
  if (done) return;
  const int error = errno;
  ::unlink(temporary.c_str());
  throw_cannot_write(path, error);
}

}  // namespace

std::string file_name_for_errors(const std::string& path) {
  return path == "-" ? "<stdin>" : path;
}

namespace {

struct OpenFile {
  Descriptor descriptor;
  struct stat status = {};
};

/// Opens a file, or a pipe that the shell opened for us.
OpenFile open_to_read(const std::string& path, const std::string& name) {
  if (path.empty()) throw InputError({}, "a file name is missing");
  if (path.find('\0') != std::string::npos) throw InputError({.file = name}, "a file name holds a NUL byte");
  // Not blocking: the check for named pipes comes after the open, so that no other file can slip in between.
  OpenFile open{.descriptor = Descriptor(
                    path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  const Descriptor& file = open.descriptor;
  struct stat& status = open.status;
  if (!file.is_open()) {
    const int error = errno;
    throw InputError({.file = name}, "cannot read: " + reason(error),
                     error == ENOENT ? suggest_sibling(path) : std::string());
  }
  if (::fstat(file.get(), &status) != 0) throw InputError({.file = name}, "cannot read: " + reason(errno));
  if (S_ISDIR(status.st_mode)) throw InputError({.file = name}, "this is a folder, a file is wanted");
  if (!S_ISREG(status.st_mode)) {
    if (!is_inherited(path)) {
      throw InputError({.file = name}, "this is a device or a pipe, a file is wanted",
                       "use '-' to read standard input");
    }
    // O_NONBLOCK belongs to the open file, which the shell's pipe shares with nobody else but its own copies.
    const int flags = ::fcntl(file.get(), F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) != 0) ::fcntl(file.get(), F_SETFL, flags & ~O_NONBLOCK);
  }
  return open;
}

/// Bytes read into `buffer`; 0 at the end.
std::size_t read_some(const Descriptor& file, const std::string& name, char* buffer, std::size_t size) {
  while (true) {
    const ssize_t count = ::read(file.get(), buffer, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw InputError({.file = name}, "cannot read: " + reason(errno));
  }
}

std::string read_all(const Descriptor& file, const std::string& name, std::size_t expected,
                     std::size_t largest) {
  std::string content(std::min(expected, largest) + 1, '\0');
  std::size_t size = 0;
  while (true) {
    if (size == content.size()) content.resize(std::min(size * 2, largest + 1));
    const std::size_t count = read_some(file, name, content.data() + size, content.size() - size);
    if (count == 0) break;
    size += count;
    if (size > largest) throw InputError({.file = name}, "too large: at most " + size_text(largest));
  }
  content.resize(size);
  return content;
}

}  // namespace

void read_chunks(const std::string& path, const std::function<void(std::string_view)>& take) {
  constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
  const std::string name = file_name_for_errors(path);
  const OpenFile open = open_to_read(path, name);
  std::vector<char> chunk(chunk_bytes);
  while (const std::size_t count = read_some(open.descriptor, name, chunk.data(), chunk.size()))
    take({chunk.data(), count});
}

std::string read_file(const std::string& path, std::size_t largest) {
  const std::string name = file_name_for_errors(path);
  const OpenFile open = open_to_read(path, name);
  const Descriptor& file = open.descriptor;
  const struct stat& status = open.status;
  const auto expected = static_cast<std::size_t>(status.st_size);
  if (S_ISREG(status.st_mode) && expected > largest) {
    throw InputError({.file = name}, "too large: " + size_text(expected) + ", at most " + size_text(largest));
  }
  return read_all(file, name, std::max<std::size_t>(expected, 4096), largest);
}

void write_file(const std::string& path, std::string_view content) {
  if (path.empty()) throw InputError({}, "a file name is missing");
  if (path.find('\0') != std::string::npos) throw InputError({.file = path}, "a file name holds a NUL byte");
  std::error_code error;
  std::string target = path;
  if (fs::is_symlink(fs::symlink_status(path, error))) {
    const fs::path resolved = fs::weakly_canonical(path, error);
    if (error) throw_cannot_write(path, error.value());
    target = resolved.string();
  }
  struct stat status = {};
  if (::stat(target.c_str(), &status) != 0) {
    if (errno != ENOENT) throw_cannot_write(path, errno);
    return write_and_rename(path, target, content, std::nullopt);
  }
  if (S_ISDIR(status.st_mode)) throw_cannot_write(path, EISDIR);
  if (!S_ISREG(status.st_mode)) return write_directly(target, content);
  // A rename needs only the folder's permission; somebody who made the file read-only meant it.
  if (::access(target.c_str(), W_OK) != 0) throw_cannot_write(path, errno);
  write_and_rename(path, target, content, status.st_mode & 07777U);
}

}  // namespace trainbudget::io
