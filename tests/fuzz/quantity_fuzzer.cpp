// Any text is a finite quantity or a located error; and what is written for it is read back.
#include "io/quantity_text.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trainbudget::io;
  if (size == 0) return 0;
  constexpr int kinds = static_cast<int>(QuantityKind::grams) + 1;
  const auto kind = static_cast<QuantityKind>(data[0] % kinds);
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  double value = 0.0;
  try {
    value = parse_quantity(text, kind, option_location("--option", text));
  } catch (const InputError& error) {
    describe(error);
    return 0;
  }
  if (!std::isfinite(value) || value < 0.0) std::abort();
  // At the very ends of the range of double, rounding to a few digits may step outside.
  if (value != 0.0 && (value < 1e-290 || value > 1e290)) return 0;
  const std::string again = format_quantity(value, kind, 6);
  const double difference = std::abs(parse_quantity(again, kind, option_location("--option", again)) - value);
  const bool is_money = again.starts_with('$');  // rounded to cents
  if (difference > value * 1e-5 && !is_money) std::abort();
  return 0;
}
