// Comma-separated values (RFC 4180) with places for errors.
#pragma once

#include "io/input_error.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// Largest CSV input, in bytes; most columns, and most fields in all.
inline constexpr std::size_t largest_csv_bytes = std::size_t{64} << 20;
inline constexpr std::size_t most_csv_columns = 1000;
inline constexpr std::size_t most_csv_fields = 8'000'000;

/// A whole file with a header line. Fields point into the source, or into `unescaped_` where quotes were
/// doubled.
class CsvTable {
 public:
  /// Throws InputError for an empty input, an unterminated quote, text around a quoted field, a quote inside
  /// an unquoted one, columns that are separated by semicolons, have no name or the name of another, a row
  /// with more or fewer fields than the header, and too many columns or fields. Blank lines are skipped.
  CsvTable(std::shared_ptr<const std::string> source, std::string file);

  std::size_t rows() const { return rows_.size(); }
  /// The column named `name`; throws, with the nearest name as hint, where there is none.
  std::size_t column(std::string_view name) const;
  /// The same; nothing where there is none.
  std::optional<std::size_t> find_column(std::string_view name) const;
  /// Throws at the first column that is not one of `known`.
  void check_columns(std::span<const std::string_view> known) const;
  std::string_view field(std::size_t row, std::size_t column) const {
    return fields_[row * header_.size() + column];
  }
  /// Where a column's name begins, in the header. Reads it again: for errors.
  Location header_location(std::size_t column) const { return field_location(0, column); }
  /// Where the row begins.
  Location location(std::size_t row) const;
  /// Where the field begins. Reads the row again: for errors.
  Location location(std::size_t row, std::size_t column) const {
    return field_location(rows_[row].offset, column);
  }

 private:
  Location field_location(std::size_t at, std::size_t column) const;
  std::size_t read_row(std::size_t at, std::vector<std::string_view>& fields);
  std::string_view read_quoted(std::size_t& at);
  void check_header() const;

  std::shared_ptr<const std::string> source_;
  std::string file_;
  std::vector<std::string_view> header_;
  std::vector<std::string_view> fields_;
  struct Row {
    std::size_t offset;
    int line;  ///< from 1
  };
  std::vector<Row> rows_;
  std::deque<std::string> unescaped_;
};

/// Throws at `where` for the header of a table whose columns are separated by semicolons, as spreadsheets
/// write it where the comma is the decimal sign.
void refuse_semicolons(std::string_view header, const Location& where);

/// Reads and splits the file at `path`.
CsvTable read_csv_file(const std::string& path);

}  // namespace trainbudget::io
