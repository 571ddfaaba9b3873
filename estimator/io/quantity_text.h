// The one grammar of quantities, for YAML and options alike: `14B`, `1.5T`, `80GB`, `80 GiB`, `312TFLOPS`,
// `$0.79/h`, `3 months`, `50%`. To add a unit word, add one row to the table in quantity_text.cpp.
#pragma once

#include "core/quantity.h"
#include "io/input_error.h"

#include <string>
#include <string_view>

namespace trainbudget::io {

/// What a number is meant to be; decides which unit words and prefixes are understood.
enum class QuantityKind {
  count,             ///< parameters, GPUs: 14B, 64, 1e9
  fraction,          ///< 50%, 0.5; at most 1
  flops,             ///< 2.5e22, 25 ZFLOP
  bytes,             ///< 80GB (decimal), 80GiB (binary)
  seconds,           ///< 3 months (of 30 days), 2.5 days, 90min, 12h, 10ms
  tokens,            ///< 300B, 1.5T tokens
  flops_per_second,  ///< 312TFLOPS, 624 TOPS
  bytes_per_second,  ///< 2039GB/s, 400Gb/s (bits, network links)
  usd,               ///< $100k
  usd_per_second,    ///< $0.79/h, 4.096 USD/hour
  watts,             ///< 400W, 10.2kW
  hertz,             ///< 1830MHz, 1.83 GHz
  joules,            ///< 1.5MWh, 3.6MJ
  usd_per_joule,     ///< $0.08/kWh
  grams_per_joule,   ///< 413 g/kWh
  grams,             ///< 24.7t, 164kg
};

/// The kind that goes with a quantity type.
template <class Q>
constexpr QuantityKind kind_of();
template <>
constexpr QuantityKind kind_of<double>() {
  return QuantityKind::count;
}
template <>
constexpr QuantityKind kind_of<Flops>() {
  return QuantityKind::flops;
}
template <>
constexpr QuantityKind kind_of<Bytes>() {
  return QuantityKind::bytes;
}
template <>
constexpr QuantityKind kind_of<Seconds>() {
  return QuantityKind::seconds;
}
template <>
constexpr QuantityKind kind_of<Tokens>() {
  return QuantityKind::tokens;
}
template <>
constexpr QuantityKind kind_of<FlopsPerSecond>() {
  return QuantityKind::flops_per_second;
}
template <>
constexpr QuantityKind kind_of<BytesPerSecond>() {
  return QuantityKind::bytes_per_second;
}
template <>
constexpr QuantityKind kind_of<Usd>() {
  return QuantityKind::usd;
}
template <>
constexpr QuantityKind kind_of<UsdPerSecond>() {
  return QuantityKind::usd_per_second;
}
template <>
constexpr QuantityKind kind_of<Watts>() {
  return QuantityKind::watts;
}
template <>
constexpr QuantityKind kind_of<Hertz>() {
  return QuantityKind::hertz;
}
template <>
constexpr QuantityKind kind_of<Joules>() {
  return QuantityKind::joules;
}
template <>
constexpr QuantityKind kind_of<UsdPerJoule>() {
  return QuantityKind::usd_per_joule;
}
template <>
constexpr QuantityKind kind_of<GramsCo2PerJoule>() {
  return QuantityKind::grams_per_joule;
}
template <>
constexpr QuantityKind kind_of<GramsCo2>() {
  return QuantityKind::grams;
}

/// Parses `text` and returns the value in SI base units. Refuses nan, inf, negative numbers, hexadecimal,
/// trailing text, units of another kind and ambiguous ones (`80Gb` of memory, `1M` of time), and says what
/// could be meant. Throws InputError at `where`.
double parse_quantity(std::string_view text, QuantityKind kind, const Location& where);

template <class Q>
Q parse(std::string_view text, const Location& where) {
  return Q(parse_quantity(text, kind_of<Q>(), where));
}

/// The kind as a noun phrase for messages: "a number of bytes".
std::string_view quantity_name(QuantityKind kind);

/// `in_si_units` for people: `significant_digits` digits (but every digit before the point, and whole dollars
/// from $100 on), in the largest unit that keeps it at or above 1: "14B", "312 TFLOP/s", "$110,726", "22.4
/// h". "unknown" for what is not finite. parse_quantity reads back what this writes for values that are not
/// negative.
std::string format_quantity(double in_si_units, QuantityKind kind, int significant_digits = 3);

}  // namespace trainbudget::io
