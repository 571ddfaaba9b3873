#include "sweep/appended_file.h"

#include "io/input_error.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace trainbudget::sweep {
namespace {

[[noreturn]] void refuse(const std::string& path, int error, const std::string& hint = {}) {
  throw io::InputError({.file = path}, std::string("cannot write: ") + std::strerror(error), hint);
}

}  // namespace

AppendedFile::AppendedFile(std::string path, std::uint64_t kept)
    : path_(std::move(path)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)),
      size_(kept) {
  if (file_ < 0) refuse(path_, errno);
  const auto offset = static_cast<off_t>(kept);
  const bool cut = ::ftruncate(file_, offset) == 0 || errno == EINVAL;  // a device has nothing to cut
  if (!cut || ::lseek(file_, offset, SEEK_SET) < 0) {
    const int error = errno;
    ::close(file_);
    refuse(path_, error);
  }
}

AppendedFile::~AppendedFile() {
  if (file_ >= 0) ::close(file_);
}

void AppendedFile::append(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse(path_, errno, "what is there is kept; --resume goes on with it");
    text.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
}

void AppendedFile::close() {
  const int file = file_;
  file_ = -1;
  if (::close(file) != 0) refuse(path_, errno);
}

}  // namespace trainbudget::sweep
