#include "io/log/log_text.h"

#include "core/date.h"
#include "core/quantity.h"
#include "io/decimal.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trainbudget::io {
namespace {

constexpr std::size_t longest_line = std::size_t{1} << 20;
constexpr std::size_t most_told_lines = 1000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view without_leading_spaces(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

bool starts_with_word(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  return std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                    [](char wanted, char c) { return (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) == wanted; });
}

/// The whole number of `digits` digits at the start of `text`, taken off it; -1 where there is none.
int take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (!is_digit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_one_of(std::string_view& text, std::string_view marks) {
  if (text.empty() || marks.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

void LogLines::add(std::string_view part) {
  begun_.append(part.substr(0, longest_line + 1 - std::min(begun_.size(), longest_line + 1)));
}

void LogLines::end(char mark) {
  if (begun_.size() > longest_line) {
    if (too_long_.size() < most_told_lines) too_long_.push_back(number_);
  } else if (!begun_.empty()) {
    take_({number_, begun_});
  }
  begun_.clear();
  if (mark == '\n' && number_ < std::numeric_limits<int>::max()) ++number_;
}

void LogLines::feed(std::string_view chunk) {
  std::size_t begin = 0;
  std::size_t next_return = chunk.find('\r');
  while (begin < chunk.size()) {
    if (next_return != std::string_view::npos && next_return < begin) next_return = chunk.find('\r', begin);
    const std::size_t end_of_line = std::min(chunk.find('\n', begin), next_return);
    if (end_of_line == std::string_view::npos) return add(chunk.substr(begin));
    const std::string_view line = chunk.substr(begin, end_of_line - begin);
    if (begun_.empty() && line.size() <= longest_line && !line.empty()) {
      take_({number_, line});  // nothing to join
    } else {
      add(line);
    }
    end(chunk[end_of_line]);
    begin = end_of_line + 1;
  }
}

std::optional<double> number_at(std::string_view text) {
  text = without_leading_spaces(text);
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (starts_with_word(text, "nan") || starts_with_word(text, "inf"))
    return std::numeric_limits<double>::quiet_NaN();
  const std::size_t length = std::min(text.find_first_not_of("0123456789.eE+-"), text.size());
  const Decimal decimal = scan_decimal(text.substr(0, length));
  if (decimal.length == 0) return std::nullopt;
  const double value = to_double(decimal);
  return negative ? -value : value;
}

std::optional<double> number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  return at == std::string_view::npos ? std::nullopt : number_at(text.substr(at + key.size()));
}

std::optional<double> time_at(std::string_view text) {
  Date date;
  date.year = take_digits(text, 4);
  if (date.year < 1970 || !take_one_of(text, "-/")) return std::nullopt;
  date.month = take_digits(text, 2);
  if (!take_one_of(text, "-/")) return std::nullopt;
  date.day = take_digits(text, 2);
  if (!is_valid(date) || !take_one_of(text, " T-_")) return std::nullopt;
  const int hour = take_digits(text, 2);
  if (!take_one_of(text, ":-")) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (!take_one_of(text, ":-")) return std::nullopt;
  const int second = take_digits(text, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  double fraction = 0.0;
  if (take_one_of(text, ".,")) {
    double place = 0.1;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), place /= 10.0)
      fraction += place * (text.front() - '0');
  }
  return days_since_epoch(date) * seconds_per_day + hour * seconds_per_hour + minute * 60.0 + second +
         fraction;
}

std::optional<double> find_time(std::string_view text) {
  constexpr std::size_t shortest = 19;
  for (std::size_t at = 0; at + shortest <= text.size(); ++at) {
    if (!is_digit(text[at]) || (at > 0 && is_digit(text[at - 1]))) continue;
    if (const auto time = time_at(text.substr(at))) return time;
  }
  return std::nullopt;
}

}  // namespace trainbudget::io
