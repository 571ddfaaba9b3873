#include "io/decimal.h"

#include <algorithm>
#include <cstdlib>

namespace trainbudget::io {
namespace {

constexpr int largest_exponent = 100'000;  // far outside the range of double, far inside the range of int

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool is_digit_at(std::string_view text, std::size_t i) {
  return i < text.size() && is_digit(text[i]);
}

/// Reads the digits before the point, with `,` or `_` between them. Returns the end.
std::size_t scan_whole_part(std::string_view text, Decimal& number) {
  std::size_t i = 0;
  std::size_t group = 0;  // digits since the last comma
  bool has_comma = false;
  while (i < text.size()) {
    if (is_digit(text[i])) {
      number.digits += text[i];
      ++group;
    } else if (text[i] == ',' && group > 0) {
      if ((has_comma && group != 3) || group > 3) number.problem = "commas group digits by three";
      has_comma = true;
      group = 0;
    } else if (text[i] != '_' || group == 0 || !is_digit_at(text, i + 1)) {
      break;
    }
    ++i;
  }
  if (has_comma && group != 3) number.problem = "commas group digits by three; the decimal mark is a point";
  return i;
}

/// Reads `e11`, `E-3`; an `e` without digits belongs to the unit. Returns the end.
std::size_t scan_exponent(std::string_view text, std::size_t i, Decimal& number) {
  if (i >= text.size() || (text[i] != 'e' && text[i] != 'E')) return i;
  std::size_t j = i + 1;
  const bool has_sign = j < text.size() && (text[j] == '+' || text[j] == '-');
  const bool is_negative = has_sign && text[j] == '-';
  if (has_sign) ++j;
  if (!is_digit_at(text, j)) return i;
  int exponent = 0;
  for (; is_digit_at(text, j); ++j)
    exponent = std::min(largest_exponent, exponent * 10 + (text[j] - '0'));
  number.exponent += is_negative ? -exponent : exponent;
  return j;
}

}  // namespace

Decimal scan_decimal(std::string_view text) {
  Decimal number;
  std::size_t i = scan_whole_part(text, number);
  if (i < text.size() && text[i] == '.' && (i > 0 || is_digit_at(text, i + 1))) {
    for (++i; is_digit_at(text, i); ++i) {
      number.digits += text[i];
      --number.exponent;
    }
  }
  if (number.digits.empty()) return {};
  number.length = scan_exponent(text, i, number);
  return number;
}

double to_double(const Decimal& number, int shift) {
  // strtod rounds correctly; without a point in the text, it gives the same in every locale. (Floating-point
  // from_chars is missing from libc++ 14.)
  const std::string text = number.digits + 'e' + std::to_string(number.exponent + shift);
  return std::strtod(text.c_str(), nullptr);
}

bool is_nonzero(const Decimal& number) {
  return number.digits.find_first_not_of('0') != std::string::npos;
}

}  // namespace trainbudget::io
