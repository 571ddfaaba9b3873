// Decimal numbers in text, read exactly and without regard to the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace trainbudget::io {

/// digits × 10^exponent. Kept in decimal until the prefix of the unit is known, so that `1.1T` is the double
/// nearest to 1.1e12 rather than the nearest to 1.1, rounded a second time by the multiplication.
struct Decimal {
  std::string digits;  ///< without separators and point
  int exponent = 0;
  std::size_t length = 0;         ///< bytes of text that were read; 0 when it does not begin with a number
  const char* problem = nullptr;  ///< what is wrong with a number that nearly is one, else null
};

/// Reads the unsigned number at the start of `text`: `14`, `1.5`, `.5`, `3e11`, `1,000`, `1_000_000`. Commas
/// must group by three.
Decimal scan_decimal(std::string_view text);

/// The double nearest to `number` × 10^`shift`; infinity when it is too large, 0 when it is too small.
double to_double(const Decimal& number, int shift = 0);

/// True when the value is not zero, whatever its size.
bool is_nonzero(const Decimal& number);

}  // namespace trainbudget::io
