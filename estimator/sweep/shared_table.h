// A long table that several processes write into one folder, each into a file of its own.
//   rank-0.csv     header and rows: whole chunks, in the order that they were done
//   rank-0.chunks  where each begins: "chunk offset bytes", written after its rows
//   of             what the rows are of
//   index.csv      where each chunk is, in order; there once all are
// A process that is killed loses the chunk that it was at; any number of processes go on with the rest.
#pragma once

#include "sweep/appended_file.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace trainbudget::sweep {

/// Where a chunk's rows are.
struct ChunkPlace {
  std::string file;  ///< name in the folder
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
using ChunkPlaces = std::map<std::uint64_t, ChunkPlace>;

/// Makes `folder` ready for rows of `identity`. Throws InputError where it has rows already and `resume` is
/// not asked for, and where they are of something else.
void open_shared_table(const std::string& folder, const std::string& identity, bool resume);

/// The chunks that all processes together have finished.
ChunkPlaces finished_chunks(const std::string& folder);

/// What one process writes.
class RankFile {
 public:
  RankFile(const std::string& folder, int rank, const std::string& header);
  /// Throws InputError where it cannot be written.
  void append(std::uint64_t chunk, std::string_view rows);
  void close();

 private:
  std::optional<AppendedFile> rows_;
  std::optional<AppendedFile> chunks_;
};

/// Writes index.csv: of each chunk its first row, rows, file, offset and bytes.
void write_index(const std::string& folder, const ChunkPlaces& chunks, std::uint64_t chunk_rows,
                 std::uint64_t rows);
/// Writes header and chunks, in order, to `path`, whole or not at all, and removes the folder.
void gather_table(const std::string& folder, const ChunkPlaces& chunks, const std::string& header,
                  const std::string& path);

}  // namespace trainbudget::sweep
