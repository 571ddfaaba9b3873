// What format_quantity writes, parse_quantity reads back; and no text whatever does harm.
#include "io/quantity_text.h"

#include "catch.h"

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <rapidcheck.h>

using namespace trainbudget::io;
using Kind = QuantityKind;

namespace {

const std::vector<Kind> all_kinds = {
    Kind::count,
    Kind::fraction,
    Kind::flops,
    Kind::bytes,
    Kind::seconds,
    Kind::tokens,
    Kind::flops_per_second,
    Kind::usd,
    Kind::usd_per_second,
    Kind::bytes_per_second,
    Kind::hertz,
    Kind::watts,
    Kind::joules,
    Kind::grams,
    Kind::usd_per_joule,
    Kind::grams_per_joule,
};

/// A positive number of any size that a plan could hold, evenly over the powers of ten.
double any_size(double least_power, double most_power) {
  const double power = *rc::gen::map(rc::gen::inRange(0, 1'000'001), [=](int step) {
    return least_power + (most_power - least_power) * step / 1e6;
  });
  return std::pow(10.0, power);
}

std::optional<double> read(const std::string& text, Kind kind) {
  try {
    return parse_quantity(text, kind, option_location("--x", text));
  } catch (const InputError& error) {
    RC_ASSERT_FALSE(describe(error).empty());
    return std::nullopt;
  }
}

/// Money is rounded to cents below $100 and to dollars above, whatever the digits.
double allowed_error(double value, Kind kind, int digits) {
  const double relative = 0.5001 * std::pow(10.0, 1 - digits) * value;
  if (kind == Kind::usd) return std::max(relative, value < 99.99 ? 0.00501 : 0.501);
  if (kind == Kind::usd_per_second)
    return std::max(relative, (value * 3600 < 99.99 ? 0.00501 : 0.501) / 3600);
  if (kind == Kind::usd_per_joule)
    return std::max(relative, (value * 3.6e6 < 99.99 ? 0.00501 : 0.501) / 3.6e6);
  return relative;
}

}  // namespace

TEST_CASE("what is written is read back, for every kind of quantity") {
  const bool holds = rc::check([] {
    const Kind kind = *rc::gen::elementOf(all_kinds);
    const int digits = *rc::gen::inRange(1, 16);
    const double value = kind == Kind::fraction ? any_size(-12, 0) : any_size(-12, 27);
    const std::string text = format_quantity(value, kind, digits);
    const std::optional<double> again = read(text, kind);
    RC_LOG() << text;
    RC_ASSERT(again.has_value());
    RC_ASSERT(std::abs(*again - value) <= allowed_error(value, kind, digits));
  });
  CHECK(holds);
}

TEST_CASE("a prefix is exact: it moves the point and nothing else") {
  const bool holds = rc::check([] {
    const int whole = *rc::gen::inRange(0, 100'000);
    const int thousandths = *rc::gen::inRange(0, 1000);
    const std::string number = std::to_string(whole) + '.' + std::to_string(1000 + thousandths).substr(1);
    RC_ASSERT(read(number + "T", Kind::tokens) == std::stod(number + "e12"));
    RC_ASSERT(read(number + " GB", Kind::bytes) == std::stod(number + "e9"));
    RC_ASSERT(read("$" + number + "/h", Kind::usd_per_second) == std::stod(number) / 3600);
  });
  CHECK(holds);
}

TEST_CASE("any text is read or refused, never worse") {
  const bool holds = rc::check([] {
    const auto piece = rc::gen::elementOf(std::vector<std::string>{
        "1",    "0",   "9.5", ".",  ",", "_",   "e",    "E3", "-", "$",   "%",   "/",    " ",
        "k",    "M",   "G",   "Gi", "T", "B",   "b",    "s",  "h", "m",   "min", "days", "FLOPS",
        "FLOP", "USD", "Wh",  "g",  "t", "GPU", "\xFF", "µ",  "€", "nan", "0x"});
    std::string text;
    for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece))
      text += part;
    const Kind kind = *rc::gen::elementOf(all_kinds);
    const std::optional<double> value = read(text, kind);
    if (value) RC_ASSERT(std::isfinite(*value) && *value >= 0.0);
  });
  CHECK(holds);
}
