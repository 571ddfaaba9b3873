// One row of a table of measured steps (docs/published-runs.md), cell by cell.
#pragma once

#include "io/csv.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace trainbudget::io {

/// The columns that are known.
std::span<const std::string_view> measured_run_columns();

/// Cells by the name of their column. One that the file lacks is blank. Every function throws InputError at
/// the cell for what it cannot be.
class MeasuredRunRow {
 public:
  /// `table` must outlive the row.
  MeasuredRunRow(const CsvTable& table, std::size_t row) : table_(table), row_(row) {}

  std::string_view text(std::string_view column) const;
  std::string string(std::string_view column) const { return std::string(text(column)); }
  Location location(std::string_view column) const;
  /// A plain number of at least 0; 0 where the cell is blank.
  double number(std::string_view column) const;
  /// A whole number up to `most`; beyond that it is a slip of the pen.
  int integer(std::string_view column, int blank, double most = 1e9) const;
  /// 0 or 1; nothing where the cell is blank.
  std::optional<bool> flag(std::string_view column) const;
  /// The cell without a trailing "?", which marks a guess of the table's author.
  std::string_view word(std::string_view column, bool& guessed) const;

 private:
  const CsvTable& table_;
  std::size_t row_;
};

}  // namespace trainbudget::io
