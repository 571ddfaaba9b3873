#include "render/number_text.h"

#include "core/quantity.h"

#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace trainbudget::render {
namespace {

struct Step {
  double size;
  std::string_view word;
};

/// Divides by the largest step that keeps the value at or above one (after rounding to three digits).
template <std::size_t N>
std::string scaled(double value, const std::array<Step, N>& steps, std::string_view separator = " ") {
  for (const Step& step : steps) {
    if (value >= step.size * 0.9995)
      return significant(value / step.size, 3) + std::string(separator) + std::string(step.word);
  }
  return significant(value, 3) + std::string(separator) + std::string(steps.back().word);
}

constexpr std::array prefixes = {Step{1e24, "Y"}, Step{1e21, "Z"}, Step{1e18, "E"},
                                 Step{1e15, "P"}, Step{1e12, "T"}, Step{1e9, "G"},
                                 Step{1e6, "M"},  Step{1e3, "k"},  Step{1.0, ""}};
constexpr std::array short_scale = {Step{1e12, " T"}, Step{1e9, " B"}, Step{1e6, " M"}};
constexpr std::array energies = {Step{3.6e15, "TWh"}, Step{3.6e12, "GWh"}, Step{3.6e9, "MWh"},
                                 Step{3.6e6, "kWh"}, Step{3.6e3, "Wh"}};

constexpr std::array masses = {Step{1e9, "kt "}, Step{1e6, "t "}, Step{1e3, "kg "}, Step{1.0, "g "}};

std::string count_text(double value) {
  for (const Step& step : short_scale) {
    if (value >= step.size) return significant(value / step.size, 4) + std::string(step.word);
  }
  return value == std::floor(value) ? grouped(value) : significant(value, 3);
}

std::string duration_text(double seconds) {
  if (seconds >= 2.0 * seconds_per_day) {
    const double days = seconds / seconds_per_day;
    return (days >= 1000.0 ? grouped(days) : significant(days, 3)) + " days";
  }
  if (seconds >= 2.0 * seconds_per_hour) return significant(seconds / seconds_per_hour, 3) + " hours";
  if (seconds >= 120.0) return significant(seconds / 60.0, 3) + " min";
  if (seconds >= 1.0 || seconds == 0.0) return significant(seconds, 3) + " s";
  if (seconds >= 1e-3) return significant(seconds * 1e3, 3) + " ms";
  return significant(seconds * 1e6, 3) + " µs";
}

std::string money_text(double usd) {
  return "$" + grouped(usd, usd < 1000.0 ? 2 : 0);
}

/// Prices are quoted to the cent, and to a tenth of one where that matters: $0.79/h, $4.096/h.
std::string price_text(double usd) {
  std::string text = fmt::format("{:.3f}", usd);
  if (text.back() == '0') text.pop_back();
  return "$" + (usd < 0.1 ? significant(usd, 3) : text) + "/h";
}

}  // namespace

std::string grouped(double value, int decimals) {
  std::string digits = fmt::format("{:.{}f}", value, decimals);
  const std::size_t point = digits.find('.') == std::string::npos ? digits.size() : digits.find('.');
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = point; at > first + 3; at -= 3)
    digits.insert(at - 3, ",");
  return digits;
}

std::string significant(double value, int digits) {
  if (value == 0.0) return "0";
  const int magnitude = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  const int decimals = magnitude >= digits - 1 ? 0 : digits - 1 - magnitude;
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

std::string number_text(double value, Unit unit) {
  switch (unit) {
    case Unit::count:
      return count_text(value);
    case Unit::fraction:
      return fmt::format("{:.1f} %", value * 100.0);
    case Unit::flops:
      return fmt::format("{:.4g} FLOP", value);
    case Unit::flops_per_second:
      return scaled(value, prefixes) + "FLOP/s";
    case Unit::bytes:
      return scaled(value, prefixes) + "B";
    case Unit::bytes_per_second:
      return scaled(value, prefixes) + "B/s";
    case Unit::tokens:
      return count_text(value) + " tokens";
    case Unit::tokens_per_second:
      return count_text(std::round(value)) + " tokens/s";
    case Unit::seconds:
      return duration_text(value);
    case Unit::gpu_hours:
      return (value < 100.0 ? significant(value, 3) : grouped(value)) + " GPU-hours";
    case Unit::usd:
      return money_text(value);
    case Unit::usd_per_gpu_hour:
      return price_text(value);
    case Unit::watts:
      return scaled(value, prefixes) + "W";
    case Unit::hertz:
      return grouped(1e-6 * value) + " MHz";
    case Unit::joules:
      return scaled(value, energies);
    case Unit::grams:
      return scaled(value, masses) + "CO2e";
    case Unit::grams_per_kwh:
      return significant(value, 3) + " g/kWh";
    case Unit::usd_per_kwh:
      return "$" + significant(value, 3) + "/kWh";
  }
  return {};
}

std::string date_text(Date date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string finish_text(const std::optional<Date>& date) {
  return date ? date_text(*date) : "after 9999";
}

std::string range_text(Range range, Unit unit) {
  if (range.is_exact()) return number_text(range.p50, unit);
  return number_text(range.p10, unit) + " – " + number_text(range.p90, unit);
}

}  // namespace trainbudget::render
