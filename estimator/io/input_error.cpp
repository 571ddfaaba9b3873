#include "io/input_error.h"

#include "io/utf8.h"

#include <algorithm>

namespace trainbudget::io {
namespace {

// Bytes of the source line shown on either side of the caret. A line may be megabytes long; a message may
// not.
constexpr std::size_t shown_before = 60;
constexpr std::size_t shown_after = 40;

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Appends one line of text with a caret under byte `caret`, both indented by two spaces.
void append_snippet(std::string& out, std::string_view line, std::size_t caret) {
  caret = std::min(caret, line.size());
  std::size_t first = caret > shown_before ? caret - shown_before : 0;
  while (first > 0 && first < line.size() && continues_a_character(line[first]))
    --first;
  std::size_t last = std::min(line.size(), caret + shown_after);
  while (last < line.size() && continues_a_character(line[last]))
    ++last;

  std::string shown = first > 0 ? "..." : "";
  std::string under(shown.size(), ' ');
  for (std::size_t i = first; i < last;) {
    const CodePoint point = decode_utf8(line, i);
    const bool can_show = point.valid && is_printable(point.value);
    if (line[i] == '\t') {
      shown += ' ';
    } else if (can_show) {
      shown += line.substr(i, point.length);
    } else {
      shown += '?';
    }
    if (i + point.length <= caret) {
      under.append(can_show ? static_cast<std::size_t>(display_width(point.value)) : 1U, ' ');
    }
    i += point.length;
  }
  if (last < line.size()) shown += "...";
  out += "\n  " + shown + "\n  " + under + "^";
}

}  // namespace

Location option_location(std::string option, std::string_view value) {
  return {std::move(option), 0, 1, std::make_shared<const std::string>(value)};
}

Location locate(std::shared_ptr<const std::string> source, std::string file, std::size_t offset) {
  const std::string_view before = std::string_view(*source).substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  return {std::move(file), static_cast<int>(line), static_cast<int>(before.size() - line_start) + 1,
          std::move(source)};
}

std::string_view line_text(const Location& where) {
  if (!where.source) return {};
  std::string_view rest = *where.source;
  for (int line = 1; line < where.line; ++line) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::string describe(const InputError& error) {
  const Location& where = error.location;
  std::string out = printable(where.file);
  if (where.line > 0) {
    out += ':' + std::to_string(where.line);
    if (where.column > 0) out += ':' + std::to_string(where.column);
  }
  if (!out.empty()) out += ": ";
  out += printable(error.what());
  if (where.source && where.column > 0) {
    append_snippet(out, line_text(where), static_cast<std::size_t>(where.column) - 1);
  }
  if (!error.hint.empty()) out += "\nhint: " + printable(error.hint);
  return out;
}

}  // namespace trainbudget::io
