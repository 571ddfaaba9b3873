// Text without the spaces around it.
#pragma once

#include <string_view>

namespace trainbudget::io {

/// `text` without leading and trailing spaces; a view into it.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

}  // namespace trainbudget::io
