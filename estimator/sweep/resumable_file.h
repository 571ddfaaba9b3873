// A long table that is written chunk by chunk and survives being interrupted at any moment.
#pragma once

#include "sweep/appended_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trainbudget::sweep {

/// Rows go to `<path>.part`, and what they are of to `<path>.part.of`; finish() renames the first to `path`.
class ResumableFile {
 public:
  struct Identity {
    std::string text;              ///< what the rows are of: another text is another table
    std::uint64_t chunk_rows = 1;  ///< a chunk that is not whole is written again
  };

  /// With `resume`, goes on after the last whole chunk of an unfinished table, if there is one. Throws
  /// InputError for an unfinished table without `resume`, and for one of something else.
  ResumableFile(std::string path, const std::string& header, const Identity& identity, bool resume);

  /// Whole chunks that are there.
  std::uint64_t chunks() const { return chunks_; }
  /// Throws InputError where it cannot be written: what was written stays.
  void append(std::string_view text) { file_->append(text); }
  void finish();

 private:
  /// Bytes of the header and the whole chunks that are there; counts these.
  std::uint64_t whole_bytes(const std::string& header, std::uint64_t chunk_rows);

  std::string path_;
  std::string part_;
  std::optional<AppendedFile> file_;
  std::uint64_t chunks_ = 0;
};

}  // namespace trainbudget::sweep
