#include "sweep/resumable_file.h"

#include "io/file.h"
#include "io/input_error.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace trainbudget::sweep {
namespace {

namespace fs = std::filesystem;
using io::InputError;

[[noreturn]] void refuse_system_error(const std::string& path, const std::string& what, int error,
                                      const std::string& hint = {}) {
  throw InputError({.file = path}, what + ": " + std::strerror(error), hint);
}

}  // namespace

ResumableFile::ResumableFile(std::string path, const std::string& header, const Identity& identity,
                             bool resume)
    : path_(std::move(path)), part_(path_ + ".part") {
  const std::string of = part_ + ".of";
  std::error_code ignored;
  if (fs::exists(part_, ignored)) {
    if (!resume) {
      throw InputError({.file = part_}, "is what an interrupted run left",
                       "--resume goes on with it; to start anew, remove it");
    }
    constexpr std::size_t longest_identity = 1 << 16;
    if (!fs::exists(of, ignored) || io::read_file(of, longest_identity) != identity.text) {
      throw InputError({.file = part_}, "was left by another sweep, or by another version of this program",
                       "remove it to start anew");
    }
    open(O_RDWR);
    keep_whole_chunks(header, identity.chunk_rows);
    return;
  }
  io::write_file(of, identity.text);
  open(O_WRONLY | O_CREAT | O_TRUNC);
  append(header);
}

ResumableFile::~ResumableFile() {
  if (file_ >= 0) ::close(file_);
}

void ResumableFile::open(int flags) {
  constexpr mode_t permissions = 0666;
  file_ = ::open(part_.c_str(), flags | O_CLOEXEC, permissions);
  if (file_ < 0) refuse_system_error(part_, "cannot write", errno);
}

/// Cuts off what follows the last whole chunk, and goes on from there.
void ResumableFile::keep_whole_chunks(const std::string& header, std::uint64_t chunk_rows) {
  std::array<char, 1 << 16> block;
  std::string start;
  std::uint64_t lines = 0;
  off_t offset = 0;
  off_t kept = 0;
  while (true) {
    const ssize_t count = ::read(file_, block.data(), block.size());
    if (count < 0) refuse_system_error(part_, "cannot read", errno);
    if (count == 0) break;
    const std::string_view text(block.data(), static_cast<std::size_t>(count));
    if (start.size() < header.size()) start += text.substr(0, header.size() - start.size());
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
      if (lines++ % chunk_rows != 0) continue;  // the header, and every row that ends a chunk
      kept = offset + static_cast<off_t>(end) + 1;
      chunks_ = (lines - 1) / chunk_rows;
    }
    offset += count;
  }
  if (lines == 0) {  // not even the header
    kept = 0;
  } else if (start != header) {
    throw InputError({.file = part_}, "does not begin as this sweep does", "remove it to start anew");
  }
  if (::ftruncate(file_, kept) != 0 || ::lseek(file_, kept, SEEK_SET) < 0)
    refuse_system_error(part_, "cannot write", errno);
  if (lines == 0) append(header);
}

void ResumableFile::append(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      refuse_system_error(part_, "cannot write", errno, "what is there is kept; --resume goes on with it");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void ResumableFile::finish() {
  if (::close(file_) != 0) refuse_system_error(part_, "cannot write", errno);
  file_ = -1;
  std::error_code error;
  fs::rename(part_, path_, error);
  if (error) throw InputError({.file = path_}, "cannot write: " + error.message());
  fs::remove(part_ + ".of", error);
}

}  // namespace trainbudget::sweep
