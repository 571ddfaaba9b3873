#include "io/utf8.h"

#include <array>

namespace trainbudget::io {
namespace {

struct Range {
  char32_t first, last;
};

// The blocks that terminals draw over two columns; coarse, but enough to keep a caret under its place.
constexpr std::array wide = {Range{0x1100, 0x115F}, Range{0x2E80, 0xA4CF},   Range{0xAC00, 0xD7A3},
                             Range{0xF900, 0xFAFF}, Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},
                             Range{0xFFE0, 0xFFE6}, Range{0x1F300, 0x1FAFF}, Range{0x20000, 0x3FFFD}};
constexpr std::array zero_width = {Range{0x0300, 0x036F}, Range{0x1AB0, 0x1AFF}, Range{0x20D0, 0x20FF},
                                   Range{0xFE00, 0xFE0F}};
// C0 and C1 controls, line and paragraph separators, bidirectional overrides, zero-width characters, BOM.
constexpr std::array unprintable = {Range{0x0000, 0x001F}, Range{0x007F, 0x009F}, Range{0x200B, 0x200F},
                                    Range{0x2028, 0x202E}, Range{0x2060, 0x206F}, Range{0xFEFF, 0xFEFF},
                                    Range{0xFFF9, 0xFFFB}};

template <std::size_t N>
bool is_in(char32_t code_point, const std::array<Range, N>& ranges) {
  for (const Range& range : ranges) {
    if (code_point >= range.first && code_point <= range.last) return true;
  }
  return false;
}

unsigned byte_at(std::string_view text, std::size_t position) {
  return static_cast<unsigned char>(text[position]);
}

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t position) {
  const unsigned lead = byte_at(text, position);
  if (lead < 0x80) return {static_cast<char32_t>(lead), 1, true};
  const CodePoint broken{static_cast<char32_t>(lead), 1, false};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || position + length > text.size()) return broken;
  char32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byte_at(text, position + i);
    if ((next & 0xC0U) != 0x80) return broken;
    value = (value << 6U) | (next & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return broken;
  return {value, length, true};
}

int display_width(char32_t code_point) {
  if (is_in(code_point, zero_width)) return 0;
  return is_in(code_point, wide) ? 2 : 1;
}

bool is_printable(char32_t code_point) {
  return !is_in(code_point, unprintable);
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = decode_utf8(text, i);
    if (point.valid && is_printable(point.value)) {
      shown += text.substr(i, point.length);
    } else {
      shown += '?';
    }
    i += point.length;
  }
  return shown;
}

std::optional<TextProblem> find_text_problem(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return TextProblem{0, "this looks like UTF-16; save it as UTF-8"};
  }
  for (std::size_t i = 0; i < text.size();) {
    const unsigned byte = byte_at(text, i);
    if (byte >= 0x20 && byte < 0x7F) {
      ++i;
      continue;
    }
    if (byte == 0) return TextProblem{i, "NUL byte: is this a binary file?"};
    if (byte == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
      return TextProblem{i, "carriage return without line feed"};
    }
    if (byte == 0x7F || (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')) {
      return TextProblem{i, "control character: is this a binary file?"};
    }
    const CodePoint point = decode_utf8(text, i);
    if (!point.valid) return TextProblem{i, "broken UTF-8: is this a binary file?"};
    i += point.length;
  }
  return std::nullopt;
}

}  // namespace trainbudget::io
