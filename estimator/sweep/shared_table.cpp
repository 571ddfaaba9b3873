#include "sweep/shared_table.h"

#include "io/file.h"
#include "io/input_error.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace trainbudget::sweep {
namespace {

namespace fs = std::filesystem;
using io::InputError;

constexpr const char* rows_suffix = ".csv";
constexpr const char* chunks_suffix = ".chunks";
constexpr const char* index_name = "/index.csv";

std::string rank_name(int rank) {
  return "rank-" + std::to_string(rank);
}

/// Chunks of one process whose rows are all there, and the length of their lines in the file.
struct RankChunks {
  ChunkPlaces places;
  std::uint64_t lines_bytes = 0;
  std::uint64_t rows_bytes = 0;
};

RankChunks chunks_of(const std::string& folder, const std::string& name) {
  RankChunks found;
  const std::string file = name + rows_suffix;
  std::error_code error;
  const std::uintmax_t size = fs::file_size(folder + "/" + file, error);
  if (error) return found;
  std::ifstream lines(folder + "/" + name + chunks_suffix, std::ios::binary);
  std::string line;
  while (std::getline(lines, line) && !lines.eof()) {  // the last one is whole only with its end
    std::array<std::uint64_t, 3> numbers{};
    std::size_t at = 0;
    for (std::uint64_t& number : numbers) {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      number = std::strtoull(line.c_str() + at, nullptr, 10);
      at = std::min(end + 1, line.size());
    }
    const auto [chunk, offset, bytes] = numbers;
    if (bytes == 0 || offset + bytes > size) break;
    found.places[chunk] = {file, offset, bytes};
    found.lines_bytes += line.size() + 1;
    found.rows_bytes = offset + bytes;
  }
  return found;
}

[[noreturn]] void refuse_missing(const std::string& path) {
  throw InputError({.file = path}, "cannot read what was written there");
}

}  // namespace

void open_shared_table(const std::string& folder, const std::string& identity, bool resume) {
  std::error_code error;
  const std::string of = folder + "/of";
  constexpr std::size_t longest_identity = 1 << 16;
  fs::create_directories(folder, error);
  if (error) throw InputError({.file = folder}, "cannot make this folder: " + error.message());
  if (!fs::exists(of, error)) {
    if (!fs::is_empty(folder, error))
      throw InputError({.file = folder}, "is a folder of something else", "name a new one");
    io::write_file(of, identity);
    return;
  }
  if (io::read_file(of, longest_identity) != identity)
    throw InputError({.file = folder}, "has results of another sweep, or of another version of this program",
                     "name another folder, or remove it");
  if (!resume)
    throw InputError({.file = folder}, "has results already",
                     "--resume goes on with them; to start anew, remove the folder");
}

ChunkPlaces finished_chunks(const std::string& folder) {
  ChunkPlaces all;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != chunks_suffix) continue;
    all.merge(chunks_of(folder, entry.path().stem().string()).places);
  }
  return all;
}

RankFile::RankFile(const std::string& folder, int rank, const std::string& header) {
  const std::string name = rank_name(rank);
  const RankChunks before = chunks_of(folder, name);
  rows_.emplace(folder + "/" + name + rows_suffix, before.rows_bytes);
  chunks_.emplace(folder + "/" + name + chunks_suffix, before.lines_bytes);
  if (rows_->size() == 0) rows_->append(header);
}

void RankFile::append(std::uint64_t chunk, std::string_view rows) {
  const std::uint64_t offset = rows_->size();
  rows_->append(rows);
  chunks_->append(std::to_string(chunk) + " " + std::to_string(offset) + " " + std::to_string(rows.size()) +
                  "\n");
}

void RankFile::close() {
  rows_->close();
  chunks_->close();
}

void write_index(const std::string& folder, const ChunkPlaces& chunks, std::uint64_t chunk_rows,
                 std::uint64_t rows) {
  std::string text = "first_row,rows,file,offset,bytes\n";
  for (const auto& [chunk, place] : chunks) {
    const std::uint64_t first = chunk * chunk_rows;
    text += std::to_string(first) + "," + std::to_string(std::min(chunk_rows, rows - first)) + "," +
            place.file + "," + std::to_string(place.offset) + "," + std::to_string(place.bytes) + "\n";
  }
  io::write_file(folder + index_name, text);
}

void gather_table(const std::string& folder, const ChunkPlaces& chunks, const std::string& header,
                  const std::string& path) {
  const std::string part = path + ".part";
  AppendedFile whole(part, 0);
  whole.append(header);
  std::map<std::string, std::ifstream> files;
  std::string rows;
  for (const auto& [chunk, place] : chunks) {
    std::ifstream& file = files[place.file];
    if (!file.is_open()) file.open(folder + "/" + place.file, std::ios::binary);
    rows.resize(place.bytes);
    file.seekg(static_cast<std::streamoff>(place.offset));
    file.read(rows.data(), static_cast<std::streamsize>(place.bytes));
    if (!file) refuse_missing(folder + "/" + place.file);
    whole.append(rows);
  }
  whole.close();
  std::error_code error;
  fs::rename(part, path, error);
  if (error) throw InputError({.file = path}, "cannot write: " + error.message());
  fs::remove_all(folder, error);
}

}  // namespace trainbudget::sweep
