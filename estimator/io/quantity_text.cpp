#include "io/quantity_text.h"

#include "io/suggest.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

namespace trainbudget::io {
namespace {

using Kind = QuantityKind;

enum class Prefix {
  none,    ///< the word stands alone
  metric,  ///< k M G T P E Z Y, steps of 1000
  byte,    ///< the same, and Ki Mi Gi Ti Pi, steps of 1024
  money,   ///< k M B T
};

struct UnitWord {
  Kind kind;
  std::string_view word;
  double factor;  ///< to SI base units
  Prefix prefix;
};

// One row per unit word. The first row of a kind is the one that format_quantity writes.
constexpr UnitWord unit_words[] = {
    {Kind::count, "", 1.0, Prefix::none},
    {Kind::count, "K", 1e3, Prefix::none},
    {Kind::count, "k", 1e3, Prefix::none},
    {Kind::count, "M", 1e6, Prefix::none},
    {Kind::count, "G", 1e9, Prefix::none},
    {Kind::count, "B", 1e9, Prefix::none},
    {Kind::count, "T", 1e12, Prefix::none},
    {Kind::fraction, "%", 0.01, Prefix::none},
    {Kind::fraction, "", 1.0, Prefix::none},
    {Kind::flops, "FLOP", 1.0, Prefix::metric},
    {Kind::flops, "FLOPs", 1.0, Prefix::metric},
    {Kind::flops, "", 1.0, Prefix::none},
    {Kind::bytes, "B", 1.0, Prefix::byte},
    {Kind::bytes, "bytes", 1.0, Prefix::none},
    {Kind::seconds, "s", 1.0, Prefix::none},
    {Kind::seconds, "sec", 1.0, Prefix::none},
    {Kind::seconds, "second", 1.0, Prefix::none},
    {Kind::seconds, "seconds", 1.0, Prefix::none},
    {Kind::seconds, "ms", 1e-3, Prefix::none},
    {Kind::seconds, "us", 1e-6, Prefix::none},
    {Kind::seconds, "µs", 1e-6, Prefix::none},
    {Kind::seconds, "ns", 1e-9, Prefix::none},
    {Kind::seconds, "min", 60.0, Prefix::none},
    {Kind::seconds, "minute", 60.0, Prefix::none},
    {Kind::seconds, "minutes", 60.0, Prefix::none},
    {Kind::seconds, "h", 3600.0, Prefix::none},
    {Kind::seconds, "hour", 3600.0, Prefix::none},
    {Kind::seconds, "hours", 3600.0, Prefix::none},
    {Kind::seconds, "d", 86400.0, Prefix::none},
    {Kind::seconds, "day", 86400.0, Prefix::none},
    {Kind::seconds, "days", 86400.0, Prefix::none},
    {Kind::seconds, "week", 7 * 86400.0, Prefix::none},
    {Kind::seconds, "weeks", 7 * 86400.0, Prefix::none},
    {Kind::seconds, "month", 30 * 86400.0, Prefix::none},
    {Kind::seconds, "months", 30 * 86400.0, Prefix::none},
    {Kind::seconds, "year", 365 * 86400.0, Prefix::none},
    {Kind::seconds, "years", 365 * 86400.0, Prefix::none},
    {Kind::tokens, "", 1.0, Prefix::none},
    {Kind::tokens, "K", 1e3, Prefix::none},
    {Kind::tokens, "k", 1e3, Prefix::none},
    {Kind::tokens, "M", 1e6, Prefix::none},
    {Kind::tokens, "G", 1e9, Prefix::none},
    {Kind::tokens, "B", 1e9, Prefix::none},
    {Kind::tokens, "T", 1e12, Prefix::none},
    {Kind::tokens, "tokens", 1.0, Prefix::none},
    {Kind::tokens, "K tokens", 1e3, Prefix::none},
    {Kind::tokens, "M tokens", 1e6, Prefix::none},
    {Kind::tokens, "B tokens", 1e9, Prefix::none},
    {Kind::tokens, "T tokens", 1e12, Prefix::none},
    {Kind::flops_per_second, "FLOPS", 1.0, Prefix::metric},
    {Kind::flops_per_second, "FLOP/s", 1.0, Prefix::metric},
    {Kind::flops_per_second, "FLOPs/s", 1.0, Prefix::metric},
    {Kind::flops_per_second, "OPS", 1.0, Prefix::metric},
    {Kind::bytes_per_second, "B/s", 1.0, Prefix::byte},
    {Kind::bytes_per_second, "b/s", 0.125, Prefix::metric},
    {Kind::bytes_per_second, "bps", 0.125, Prefix::metric},
    {Kind::bytes_per_second, "bit/s", 0.125, Prefix::metric},
    {Kind::usd, "USD", 1.0, Prefix::money},
    {Kind::usd, "", 1.0, Prefix::money},
    {Kind::usd_per_second, "/h", 1.0 / 3600.0, Prefix::none},
    {Kind::usd_per_second, "/hour", 1.0 / 3600.0, Prefix::none},
    {Kind::usd_per_second, "/hr", 1.0 / 3600.0, Prefix::none},
    {Kind::usd_per_second, "/GPU-hour", 1.0 / 3600.0, Prefix::none},
    {Kind::usd_per_second, "USD/h", 1.0 / 3600.0, Prefix::none},
    {Kind::usd_per_second, "USD/hour", 1.0 / 3600.0, Prefix::none},
    {Kind::usd_per_second, "/day", 1.0 / 86400.0, Prefix::none},
    {Kind::watts, "W", 1.0, Prefix::metric},
    {Kind::joules, "J", 1.0, Prefix::metric},
    {Kind::joules, "Wh", 3600.0, Prefix::metric},
    {Kind::usd_per_joule, "/kWh", 1.0 / 3.6e6, Prefix::none},
    {Kind::usd_per_joule, "USD/kWh", 1.0 / 3.6e6, Prefix::none},
    {Kind::usd_per_joule, "/MWh", 1.0 / 3.6e9, Prefix::none},
    {Kind::grams_per_joule, "g/kWh", 1.0 / 3.6e6, Prefix::none},
    {Kind::grams_per_joule, "kg/MWh", 1.0 / 3.6e6, Prefix::none},
    {Kind::grams, "g", 1.0, Prefix::none},
    {Kind::grams, "kg", 1e3, Prefix::none},
    {Kind::grams, "t", 1e6, Prefix::none},
};

struct PrefixWord {
  std::string_view word;
  double factor;
};
constexpr PrefixWord metric_prefixes[] = {{"Y", 1e24}, {"Z", 1e21}, {"E", 1e18}, {"P", 1e15}, {"T", 1e12},
                                          {"G", 1e9},  {"M", 1e6},  {"k", 1e3},  {"K", 1e3},  {"", 1.0}};
constexpr PrefixWord binary_prefixes[] = {{"Pi", 1125899906842624.0},
                                          {"Ti", 1099511627776.0},
                                          {"Gi", 1073741824.0},
                                          {"Mi", 1048576.0},
                                          {"Ki", 1024.0}};
constexpr PrefixWord money_prefixes[] = {{"T", 1e12}, {"B", 1e9}, {"M", 1e6},
                                         {"k", 1e3},  {"K", 1e3}, {"", 1.0}};

struct Description {
  std::string_view noun;
  std::string_view examples;
};

Description describe_kind(Kind kind) {
  switch (kind) {
    case Kind::count:
      return {"a count", "64, 14B, 1.5T, 3e9"};
    case Kind::fraction:
      return {"a fraction", "50%, 0.5"};
    case Kind::flops:
      return {"a number of FLOPs", "2.52e22, 25 ZFLOP"};
    case Kind::bytes:
      return {"a number of bytes", "80GB (decimal), 80GiB (binary)"};
    case Kind::seconds:
      return {"a time", "3 months, 2.5 days, 12h, 90min, 10ms"};
    case Kind::tokens:
      return {"a number of tokens", "300B, 1.5T tokens, 3e11"};
    case Kind::flops_per_second:
      return {"a rate of FLOPs", "312TFLOPS, 312 TFLOP/s, 624 TOPS"};
    case Kind::bytes_per_second:
      return {"a bandwidth", "2039GB/s, 400Gb/s (bits)"};
    case Kind::usd:
      return {"an amount of US dollars", "$100k, $2.5M, 35449 USD"};
    case Kind::usd_per_second:
      return {"a price per hour", "$0.79/h, 4.096 USD/hour"};
    case Kind::watts:
      return {"a power", "400W, 10.2kW"};
    case Kind::joules:
      return {"an energy", "1.5MWh, 3.6MJ"};
    case Kind::usd_per_joule:
      return {"a price of electricity", "$0.08/kWh"};
    case Kind::grams_per_joule:
      return {"a carbon intensity", "413 g/kWh"};
    case Kind::grams:
      return {"a mass of CO2", "24.7t, 164kg"};
  }
  return {};
}

template <std::size_t N>
std::optional<double> strip_prefix(std::string_view text, std::string_view word,
                                   const PrefixWord (&prefixes)[N]) {
  if (!text.ends_with(word)) return std::nullopt;
  const std::string_view head = text.substr(0, text.size() - word.size());
  for (const PrefixWord& prefix : prefixes) {
    if (head == prefix.word) return prefix.factor;
  }
  return std::nullopt;
}

/// The factor of `text` read as `unit`, if it is that.
std::optional<double> factor_of(std::string_view text, const UnitWord& unit) {
  std::optional<double> prefix;
  if (text == unit.word) prefix = 1.0;
  if (!prefix && (unit.prefix == Prefix::metric || unit.prefix == Prefix::byte)) {
    prefix = strip_prefix(text, unit.word, metric_prefixes);
  }
  if (!prefix && unit.prefix == Prefix::byte) prefix = strip_prefix(text, unit.word, binary_prefixes);
  if (!prefix && unit.prefix == Prefix::money) prefix = strip_prefix(text, unit.word, money_prefixes);
  if (!prefix) return std::nullopt;
  return *prefix * unit.factor;
}

std::optional<double> factor_of(std::string_view text, Kind kind) {
  for (const UnitWord& unit : unit_words) {
    if (unit.kind != kind) continue;
    if (const std::optional<double> factor = factor_of(text, unit)) return factor;
  }
  return std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Length of the decimal number at the start of `text`; 0 where there is none. An `e` belongs to it only
/// before digits, so that `1EFLOP` is an exa-FLOP.
std::size_t number_length(std::string_view text) {
  std::size_t at = 0;
  std::size_t digits = 0;
  for (; at < text.size() && is_digit(text[at]); ++at)
    ++digits;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at)
      ++digits;
  }
  if (digits == 0) return 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    if (exponent < text.size() && is_digit(text[exponent])) {
      for (at = exponent; at < text.size() && is_digit(text[at]); ++at) {
      }
    }
  }
  return at;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text.substr(0, 60)) + "'";
}

std::string accepted(Kind kind) {
  return "write " + std::string(describe_kind(kind).noun) + " as in " +
         std::string(describe_kind(kind).examples);
}

[[noreturn]] void refuse(const Location& where, const std::string& message, const std::string& hint) {
  throw InputError(where, message, hint);
}

/// Why `unit` is no unit of `kind`, as helpfully as can be.
[[noreturn]] void refuse_unit(std::string_view text, std::string_view number, std::string_view unit,
                              Kind kind, const Location& where) {
  const std::string value(number);
  if (kind == Kind::bytes && factor_of(std::string(unit) + "/s", Kind::bytes_per_second)) {
    const std::string scale(unit.substr(0, unit.size() - 1));
    refuse(where, quoted(text) + " is in bits, bytes are wanted",
           "did you mean " + value + scale + "B (decimal) or " + value + scale + "iB (binary)?");
  }
  if (kind == Kind::seconds && (unit == "m" || unit == "M")) {
    refuse(where, quoted(text) + " is ambiguous", "did you mean " + value + "min or " + value + " months?");
  }
  if ((kind == Kind::count || kind == Kind::tokens) && unit == "b") {
    refuse(where, quoted(text) + " is ambiguous", "did you mean " + value + "B (billions)?");
  }
  if (kind == Kind::usd_per_second && factor_of(unit, Kind::usd)) {
    refuse(where, quoted(text) + " lacks its time", "did you mean $" + value + "/h?");
  }
  if (unit.empty()) {
    refuse(where, quoted(text) + " lacks its unit", accepted(kind));
  }
  for (const UnitWord& known : unit_words) {
    if (known.kind != kind && !known.word.empty() && factor_of(unit, known)) {
      refuse(where,
             quoted(text) + " is " + std::string(describe_kind(known.kind).noun) + ", " +
                 std::string(describe_kind(kind).noun) + " is wanted",
             accepted(kind));
    }
  }
  refuse(where, "unknown unit " + quoted(unit) + " in " + quoted(text), accepted(kind));
}

}  // namespace

double parse_quantity(std::string_view original, QuantityKind kind, const Location& where) {
  std::string_view text = trimmed(original);
  const std::string wanted(describe_kind(kind).noun);
  if (text.empty()) refuse(where, wanted + " is wanted, the text is empty", accepted(kind));
  if (text.front() == '-') refuse(where, quoted(original) + " is negative", accepted(kind));
  const bool money = kind == Kind::usd || kind == Kind::usd_per_second || kind == Kind::usd_per_joule;
  if (text.front() == '$') {
    if (!money) refuse(where, quoted(original) + " is money, " + wanted + " is wanted", accepted(kind));
    text.remove_prefix(1);
  }
  if (text.starts_with("0x") || text.starts_with("0X")) {
    refuse(where, quoted(original) + " is hexadecimal", accepted(kind));
  }
  const std::size_t length = number_length(text);
  if (length == 0) refuse(where, quoted(original) + " is not " + wanted, accepted(kind));
  const std::string number(text.substr(0, length));
  const std::string_view unit = trimmed(text.substr(length));
  if (!unit.empty() &&
      (unit.front() == ',' || unit.front() == '_' || unit.front() == '.' || is_digit(unit.front()))) {
    refuse(where, quoted(original) + " is not a plain number",
           "write it without separators, or as in " + std::string(describe_kind(kind).examples));
  }
  const std::optional<double> factor = factor_of(unit, kind);
  if (!factor) refuse_unit(original, number, unit, kind, where);
  const double value = std::strtod(number.c_str(), nullptr) * *factor;
  if (!std::isfinite(value)) refuse(where, quoted(original) + " is too large", accepted(kind));
  if (kind == Kind::fraction && value > 1.0) {
    const bool percent_forgotten = unit.empty() && value <= 100.0;
    refuse(where, quoted(original) + " is more than the whole",
           percent_forgotten ? "did you mean " + number + "%?" : accepted(kind));
  }
  return value;
}

std::string format_quantity(double si_value, QuantityKind kind, int significant_digits) {
  const auto written = [&](double value, std::string_view unit) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.*g", significant_digits, value);
    const std::string dollar = unit.starts_with('/') || kind == Kind::usd ? "$" : "";
    return dollar + digits + std::string(unit);
  };
  for (const UnitWord& unit : unit_words) {
    if (unit.kind != kind) continue;
    const double value = si_value / unit.factor;
    if (kind == Kind::usd) return written(value, "");
    if (kind == Kind::count || kind == Kind::tokens) {
      for (const PrefixWord& scale : money_prefixes) {
        if (value >= scale.factor) return written(value / scale.factor, scale.word);
      }
      return written(value, "");
    }
    if (unit.prefix == Prefix::none) return written(value, unit.word);
    for (const PrefixWord& scale : metric_prefixes) {
      if (value >= scale.factor || scale.factor == 1.0) {
        if (scale.word == "K") continue;
        return written(value / scale.factor, std::string(scale.word) + std::string(unit.word));
      }
    }
  }
  return {};
}

}  // namespace trainbudget::io
