// Calendar dates of the proleptic Gregorian calendar, without a clock.
#pragma once

#include <compare>

namespace trainbudget {

struct Date {
  int year = 1970;
  int month = 1;  ///< 1 to 12
  int day = 1;    ///< 1 to 31

  friend constexpr auto operator<=>(const Date&, const Date&) = default;
};

constexpr bool is_leap_year(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(int year, int month) {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

constexpr bool is_valid(Date date) {
  return date.year >= 1 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
         date.day <= days_in_month(date.year, date.month);
}

/// Days since 1970-01-01. Years start in March, so that the leap day comes last and needs no case of its own
/// (Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
constexpr int days_since_epoch(Date date) {
  const int year = date.month > 2 ? date.year : date.year - 1;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int year_of_era = year - era * 400;
  const int month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
  const int day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

/// Days from `from` to `to`; negative when `to` is the earlier one.
constexpr int days_between(Date from, Date to) {
  return days_since_epoch(to) - days_since_epoch(from);
}

}  // namespace trainbudget
