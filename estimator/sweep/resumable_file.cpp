#include "sweep/resumable_file.h"

#include "io/file.h"
#include "io/input_error.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace trainbudget::sweep {
namespace {

namespace fs = std::filesystem;
using io::InputError;

}  // namespace

ResumableFile::ResumableFile(std::string path, const std::string& header, const Identity& identity,
                             bool resume)
    : path_(std::move(path)), part_(path_ + ".part") {
  const std::string of = part_ + ".of";
  std::error_code ignored;
  std::uint64_t kept = 0;
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
    kept = whole_bytes(header, identity.chunk_rows);
  } else {
    io::write_file(of, identity.text);
  }
  file_.emplace(part_, kept);
  if (kept == 0) append(header);
}

std::uint64_t ResumableFile::whole_bytes(const std::string& header, std::uint64_t chunk_rows) {
  std::ifstream file(part_, std::ios::binary);
  std::array<char, 1 << 16> block;
  std::string start;
  std::uint64_t lines = 0;
  std::uint64_t offset = 0;
  std::uint64_t kept = 0;
  while (file) {
    file.read(block.data(), block.size());
    const std::string_view text(block.data(), static_cast<std::size_t>(file.gcount()));
    if (start.size() < header.size()) start += text.substr(0, header.size() - start.size());
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) {
      if (lines++ % chunk_rows != 0) continue;  // the header, and every row that ends a chunk
      kept = offset + end + 1;
      chunks_ = (lines - 1) / chunk_rows;
    }
    offset += text.size();
  }
  if (!file.eof()) throw InputError({.file = part_}, "cannot read");
  if (lines > 0 && start != header)
    throw InputError({.file = part_}, "does not begin as this sweep does", "remove it to start anew");
  return kept;
}

void ResumableFile::finish() {
  file_->close();
  std::error_code error;
  fs::rename(part_, path_, error);
  if (error) throw InputError({.file = path_}, "cannot write: " + error.message());
  fs::remove(part_ + ".of", error);
}

}  // namespace trainbudget::sweep
