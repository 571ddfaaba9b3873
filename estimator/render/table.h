// A table as plain data, and its four faces. Commands build a Table; they never format text themselves.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trainbudget::render {

/// How text output may look; decided by the terminal, or plain when the output goes elsewhere.
struct Style {
  int width = 0;  ///< columns to keep within; 0 is unlimited
  bool color = false;
  bool whole = false;  ///< sentences are wrapped at `width`, but nothing is cut: tables may be wider
};

struct Column {
  std::string key;       ///< machine name with the unit in it: `peak_bf16_flops_per_second`
  std::string title;     ///< for people
  bool right = false;    ///< numbers are aligned to the right
  bool elastic = false;  ///< long text that may be cut to fit a terminal
  bool wraps = false;    ///< long text of the last column, continued on further lines
};

/// What a cell shows to people and what it says to programs (SI base units; monostate is null).
struct Cell {
  std::string text;
  std::variant<std::monostate, double, bool, std::string> value;

  static Cell of(std::string word) { return {word, word}; }
  static Cell of(std::string shown, double number) { return {std::move(shown), number}; }
  static Cell unknown() { return {"–", std::monostate{}}; }
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< each as long as `columns`
};

/// Aligned columns under their titles. Where the table is wider than `style.width`, the widest elastic
/// column is cut with "…", unless `style.whole`; names and numbers never are.
std::string table_text(const Table& table, Style style);
/// A GitHub-flavoured Markdown table; `|` and line breaks in cells are escaped.
std::string table_markdown(const Table& table);
/// RFC 4180 CSV of the machine values, with the keys as header.
std::string table_csv(const Table& table);
/// A JSON array with one object per row, keys in column order.
std::string table_json(const Table& table);

/// Number of terminal columns of UTF-8 `text`: one per code point.
std::size_t display_width(std::string_view text);

/// `text` broken at spaces to lines of at most `width` columns (0: one line), later lines indented by
/// `indent`.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

/// A CSV field, quoted when it must be.
std::string csv_field(std::string_view text);

}  // namespace trainbudget::render
