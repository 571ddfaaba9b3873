// The little UTF-8 that error messages and input checks need. No locale is involved.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace trainbudget::io {

struct CodePoint {
  char32_t value = 0;      ///< the byte itself where `valid` is false
  std::size_t length = 1;  ///< bytes
  bool valid = true;
};

/// The code point at byte `position` (< text.size()). Overlong forms, surrogates and cut sequences are not
/// valid.
CodePoint decode_utf8(std::string_view text, std::size_t position);

/// Terminal columns: 0 for combining marks, 2 for wide East Asian characters and emoji, else 1.
int display_width(char32_t code_point);

/// False for control characters and for those that reorder or hide text on a terminal.
bool is_printable(char32_t code_point);

/// `text` with whatever is not printable or not UTF-8 shown as '?'; safe to write to a terminal.
std::string printable(std::string_view text);

struct TextProblem {
  std::size_t offset = 0;
  std::string message;
};

/// The first byte that no text file holds: NUL, other control characters (tab and line ends are fine), broken
/// UTF-8.
std::optional<TextProblem> find_text_problem(std::string_view text);

}  // namespace trainbudget::io
