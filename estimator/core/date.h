// Calendar dates of the proleptic Gregorian calendar, without a clock.
#pragma once

#include <compare>
#include <optional>

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

/// The date that lies `days` after 1970-01-01 (Hinnant, civil_from_days); the inverse of days_since_epoch.
constexpr Date date_of(int days) {
  const int shifted = days + 719468;
  const int era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const int day_of_era = shifted - era * 146097;
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int month_from_march = (5 * day_of_year + 2) / 153;
  const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
          .month = month,
          .day = day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

/// The day on which `seconds` from the start of the day `start` end: a run of a day and a half that starts on
/// the first ends on the second. Nothing beyond the year 9999.
constexpr std::optional<Date> finish_date(Date start, double seconds) {
  constexpr Date last{9999, 12, 31};
  const double days = seconds / 86400.0;
  if (!(days >= 0.0) || days > static_cast<double>(days_since_epoch(last) - days_since_epoch(start)))
    return std::nullopt;
  int whole = static_cast<int>(days);
  if (whole > 0 && static_cast<double>(whole) == days) --whole;  // the end of a day is not the next
  return date_of(days_since_epoch(start) + whole);
}

/// Days from `from` to `to`; negative when `to` is the earlier one.
constexpr int days_between(Date from, Date to) {
  return days_since_epoch(to) - days_since_epoch(from);
}

}  // namespace trainbudget
