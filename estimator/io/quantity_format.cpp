// Writes what io/quantity_text.cpp reads.
#include "io/quantity_text.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

using Kind = QuantityKind;

/// One way to write a kind: the value over `factor`, then `unit`.
struct Step {
  double factor;
  std::string_view unit;
};

constexpr Step amounts[] = {{1.0, ""}, {1e6, "M"}, {1e9, "B"}, {1e12, "T"}};
constexpr Step percent[] = {{0.01, "%"}};
constexpr Step flops[] = {{1.0, " FLOP"},   {1e3, " kFLOP"},  {1e6, " MFLOP"},  {1e9, " GFLOP"},
                          {1e12, " TFLOP"}, {1e15, " PFLOP"}, {1e18, " EFLOP"}, {1e21, " ZFLOP"},
                          {1e24, " YFLOP"}, {1e27, " RFLOP"}};
constexpr Step flop_rates[] = {{1.0, " FLOP/s"},   {1e3, " kFLOP/s"},  {1e6, " MFLOP/s"},
                               {1e9, " GFLOP/s"},  {1e12, " TFLOP/s"}, {1e15, " PFLOP/s"},
                               {1e18, " EFLOP/s"}, {1e21, " ZFLOP/s"}};
constexpr Step sizes[] = {{1.0, " B"},   {1e3, " kB"},  {1e6, " MB"}, {1e9, " GB"},
                          {1e12, " TB"}, {1e15, " PB"}, {1e18, " EB"}};
constexpr Step bandwidths[] = {{1.0, " B/s"},   {1e3, " kB/s"},  {1e6, " MB/s"}, {1e9, " GB/s"},
                               {1e12, " TB/s"}, {1e15, " PB/s"}, {1e18, " EB/s"}};
constexpr Step times[] = {{1e-9, " ns"},  {1e-6, " us"},  {1e-3, " ms"},     {1.0, " s"},
                          {60.0, " min"}, {3600.0, " h"}, {86400.0, " days"}};
constexpr Step dollars[] = {{1.0, ""}};
constexpr Step hourly[] = {{1.0 / 3600.0, "/h"}};
constexpr Step powers[] = {{1.0, " W"}, {1e3, " kW"}, {1e6, " MW"}, {1e9, " GW"}};
constexpr Step clocks[] = {{1.0, " Hz"}, {1e3, " kHz"}, {1e6, " MHz"}, {1e9, " GHz"}};
constexpr Step energies[] = {
    {1.0, " J"}, {3.6e6, " kWh"}, {3.6e9, " MWh"}, {3.6e12, " GWh"}, {3.6e15, " TWh"}};
constexpr Step per_kwh[] = {{1.0 / 3.6e6, "/kWh"}};
constexpr Step grams_per_kwh[] = {{1.0 / 3.6e6, " g/kWh"}};
constexpr Step masses[] = {{1.0, " g"}, {1e3, " kg"}, {1e6, " t"}, {1e9, " kt"}, {1e12, " Mt"}};

std::span<const Step> steps_of(Kind kind) {
  switch (kind) {
    case Kind::count:
    case Kind::tokens:
      return amounts;
    case Kind::fraction:
      return percent;
    case Kind::flops:
      return flops;
    case Kind::bytes:
      return sizes;
    case Kind::seconds:
      return times;
    case Kind::flops_per_second:
      return flop_rates;
    case Kind::bytes_per_second:
      return bandwidths;
    case Kind::usd:
      return dollars;
    case Kind::usd_per_second:
      return hourly;
    case Kind::watts:
      return powers;
    case Kind::hertz:
      return clocks;
    case Kind::joules:
      return energies;
    case Kind::usd_per_joule:
      return per_kwh;
    case Kind::grams_per_joule:
      return grams_per_kwh;
    case Kind::grams:
      return masses;
  }
  return amounts;
}

constexpr double largest_plain = 1e15;  // beyond, and far below 1, digits in a row are no longer readable
constexpr double smallest_plain = 1e-6;

void group_thousands(std::string& number) {
  const std::size_t whole = std::min(number.find('.'), number.size());
  for (std::size_t i = whole; i > 3; i -= 3)
    number.insert(i - 3, ",");
}

/// `digits` significant digits, but every digit before the point; commas between thousands. fmt, unlike
/// printf, knows no locale.
std::string number_text(double value, int digits) {
  if (value == 0.0) return "0";
  if (value >= largest_plain || value < smallest_plain) return fmt::format("{:.{}e}", value, digits - 1);
  const int whole_digits = static_cast<int>(std::floor(std::log10(value))) + 1;
  const int decimals = std::max(0, digits - whole_digits);
  std::string number = fmt::format("{:.{}f}", value, decimals);
  if (decimals > 0) {
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
  }
  group_thousands(number);
  return number;
}

/// Money: whole dollars from $100 on, cents below, and enough digits for a price of less than a cent.
std::string money_text(double value, int digits) {
  if (value >= largest_plain || value == 0.0) return number_text(value, digits);
  if (value >= 99.995) return number_text(value, 1);
  if (value < 0.095) return number_text(value, digits);
  std::string number = fmt::format("{:.2f}", value);
  if (number.ends_with(".00")) number.resize(number.size() - 3);
  return number;
}

}  // namespace

std::string format_quantity(double in_si_units, QuantityKind kind, int significant_digits) {
  if (!std::isfinite(in_si_units)) return "unknown";
  if (in_si_units < 0.0) return "-" + format_quantity(-in_si_units, kind, significant_digits);
  const int digits = std::clamp(significant_digits, 1, 17);
  const bool is_money = kind == Kind::usd || kind == Kind::usd_per_second || kind == Kind::usd_per_joule;
  const std::span<const Step> steps = steps_of(kind);
  // 999.7 million would read "1,000M" at three digits: what rounds up to the next step belongs to it.
  const double reached = in_si_units * (1.0 + 0.5 * std::pow(10.0, -digits));
  const Step* step = &steps.front();
  for (const Step& next : steps) {
    const bool is_exact_count =
        steps.data() == amounts && in_si_units < 1e6 && in_si_units == std::floor(in_si_units);
    if (reached >= next.factor && !is_exact_count) step = &next;
  }
  if (in_si_units == 0.0 && kind == Kind::seconds) return "0 s";
  const double value = in_si_units / step->factor;
  if (is_money) return "$" + money_text(value, digits) + std::string(step->unit);
  return number_text(value, digits) + std::string(step->unit);
}

}  // namespace trainbudget::io
