// Comma-separated values (RFC 4180) with places for errors.
#pragma once

#include "io/input_error.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// Largest CSV input, in bytes.
inline constexpr std::size_t largest_csv_bytes = std::size_t{64} << 20;

/// A whole file with a header line. Fields point into the source, or into `unescaped_` where quotes were
/// doubled.
class CsvTable {
 public:
  /// Throws InputError for an empty input, an unterminated quote, text after a closing quote, a duplicate
  /// column name and a row with more or fewer fields than the header.
  CsvTable(std::shared_ptr<const std::string> source, std::string file);

  std::size_t rows() const { return lines_.size(); }
  /// The column named `name`; throws, with the nearest name as hint, where there is none.
  std::size_t column(std::string_view name) const;
  std::string_view field(std::size_t row, std::size_t column) const {
    return fields_[row * header_.size() + column];
  }
  /// Where the row begins; the message says which column is meant.
  Location location(std::size_t row) const;

 private:
  std::size_t read_row(std::size_t at, std::vector<std::string_view>& fields);
  std::string_view read_quoted(std::size_t& at);

  std::shared_ptr<const std::string> source_;
  std::string file_;
  std::vector<std::string_view> header_;
  std::vector<std::string_view> fields_;
  std::vector<int> lines_;  ///< of each row, from 1
  std::deque<std::string> unescaped_;
};

/// Reads and splits the file at `path`.
CsvTable read_csv_file(const std::string& path);

}  // namespace trainbudget::io
