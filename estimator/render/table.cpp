#include "render/table.h"

#include <algorithm>

namespace trainbudget::render {
namespace {

std::vector<std::size_t> natural_widths(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::size_t width = display_width(table.columns[c].title);
    for (const auto& row : table.rows)
      width = std::max(width, display_width(row[c].text));
    widths.push_back(width);
  }
  return widths;
}

/// Takes what is too much from the widest elastic column, but leaves it eight columns.
void fit(std::vector<std::size_t>& widths, const Table& table, std::size_t limit) {
  std::size_t total = 2 * (widths.size() - 1);
  for (const std::size_t width : widths)
    total += width;
  while (total > limit) {
    std::size_t widest = widths.size();
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const bool may_shrink = table.columns[c].elastic && widths[c] > 8;
      if (may_shrink && (widest == widths.size() || widths[c] > widths[widest])) widest = c;
    }
    if (widest == widths.size()) return;
    --widths[widest];
    --total;
  }
}

std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t columns = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool starts_code_point = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (starts_code_point && columns++ == width - 1) break;
  }
  return text.substr(0, end) + "…";
}

void append_aligned(std::string& out, const std::string& text, std::size_t width, bool right) {
  const std::string shown = cut(text, width);
  const std::string padding(width - display_width(shown), ' ');
  if (right) out += padding;
  out += shown;
  if (!right) out += padding;
}

/// One line of cells, `text_of(c)` in each; a wrapping last cell continues below its own column.
template <class TextOf>
void append_line(std::string& out, const Table& table, const std::vector<std::size_t>& widths, Style style,
                 TextOf text_of) {
  std::size_t start = 0;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    const Column& column = table.columns[c];
    const auto limit = static_cast<std::size_t>(style.width);
    if (column.wraps && limit > start + 20) {
      std::string text = wrapped(text_of(c), limit - start, 0);
      for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + start + 1)) {
        text.insert(at + 1, start, ' ');
      }
      out += text;
    } else {
      append_aligned(out, text_of(c), widths[c], column.right);
    }
    if (c + 1 < widths.size()) out += "  ";
    start += widths[c] + 2;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string table_text(const Table& table, Style style) {
  if (table.columns.empty()) return {};
  std::vector<std::size_t> widths = natural_widths(table);
  if (style.width > 0 && !style.whole) fit(widths, table, static_cast<std::size_t>(style.width));
  std::string out;
  if (style.color) out += "\033[1m";
  append_line(out, table, widths, style,
              [&](std::size_t c) -> const std::string& { return table.columns[c].title; });
  if (style.color) out.insert(out.size() - 1, "\033[0m");
  for (const auto& row : table.rows) {
    append_line(out, table, widths, style, [&](std::size_t c) -> const std::string& { return row[c].text; });
  }
  return out;
}

std::string table_markdown(const Table& table) {
  const auto escaped = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '|') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    return out;
  };
  std::string out = "|";
  for (const Column& column : table.columns)
    out += " " + escaped(column.title) + " |";
  out += "\n|";
  for (const Column& column : table.columns)
    out += column.right ? "---:|" : "---|";
  out += '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const Cell& cell : row)
      out += " " + escaped(cell.text) + " |";
    out += '\n';
  }
  return out;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    const std::size_t word_width = display_width(word);
    if (column > 0 && width > 0 && column + 1 + word_width > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word_width;
  }
  return out;
}

}  // namespace trainbudget::render
