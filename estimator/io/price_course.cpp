#include "io/price_course.h"

#include "io/price_table.h"
#include "io/scenario_price.h"
#include "io/sourced_reader.h"

#include <algorithm>

namespace trainbudget::io {

std::optional<PriceCourse> read_course(const YamlNode& node) {
  const YamlNode* rises = value_of(node, "rises_per_year");
  const YamlNode* falls = value_of(node, "falls_per_year");
  if (rises == nullptr && falls == nullptr) return std::nullopt;
  const YamlNode& change = rises != nullptr ? *rises : *falls;
  if (rises != nullptr && falls != nullptr)
    throw InputError(falls->location, "a price that rises and falls", "leave one of the two out");
  const double fraction = read_quantity_value(change, QuantityKind::fraction);
  if (falls != nullptr && fraction >= 1.0)
    throw InputError(change.location, "a price cannot fall to nothing", "write a share below 100%");
  return PriceCourse{.change_per_year = rises != nullptr ? fraction : -fraction,
                     .provenance = given_by_user(change.location)};
}

void skip_course(MapReader& map) {
  map.find("rises_per_year");
  map.find("falls_per_year");
}

namespace {

/// Seconds from the first step of the run, after the median wait for accelerators, to a date; negative before
/// it.
double seconds_to(const YamlNode& from, const Scenario& scenario) {
  const Date date = parse_date(read_string(from), from.location);
  if (!scenario.start)
    throw CombinationError(from.location, "a price from a date on, and the run has no start",
                           "add start: 2026-12-01 (--start), or say after how long: after: 30 days");
  const double wait = scenario.start_delay_seconds ? scenario.start_delay_seconds->value.p50 : 0.0;
  return days_between(*scenario.start, date) * seconds_per_day - wait;
}

}  // namespace

PriceCourse read_schedule(const YamlNode& node, Scenario& scenario) {
  PriceCourse course{.provenance = given_by_user(node.location)};
  if (node.kind != YamlNode::Kind::sequence || node.items.empty())
    throw InputError(node.location, "a list of prices is wanted",
                     "schedule: [{amount: $3/h}, {after: 30 days, amount: $2.5/h}]");
  constexpr const char* which_have_times = "the first price has no 'after', all others have one";
  std::optional<double> last;
  bool dated = false;
  for (const YamlNode& item : node.items) {
    MapReader map(item, "price");
    const YamlNode& amount = map.require("amount");
    const YamlNode* after = map.find("after");
    const YamlNode* from = map.find("from");
    map.finish();
    if (after != nullptr && from != nullptr)
      throw InputError(from->location, "a price from a date on and after a time", "leave one of the two out");
    const double price = read_quantity<UsdPerSecond>(amount).value * seconds_per_hour;
    if (!(price > 0.0)) throw InputError(amount.location, "a price above zero is wanted");
    double begin = 0.0;
    if (from != nullptr) begin = seconds_to(*from, scenario);
    dated = dated || from != nullptr;
    if (after != nullptr) begin = read_quantity<Seconds>(*after).value;
    if (!last && begin > 0.0) {
      if (from != nullptr)
        throw InputError(from->location, "no price is in force on the first day of the run",
                         "begin with the price of the start");
      throw InputError(after->location, "the first price is that of the start", which_have_times);
    }
    if (last && after == nullptr && from == nullptr)
      throw InputError(item.location, "after what time?", which_have_times);
    if (last && begin <= *last)
      throw InputError((from != nullptr ? from : after)->location, "the prices are out of order",
                       "write the earlier one first");
    last = begin;
    if (begin <= 0.0) course.steps.clear();  // of those in force on the first day, the last
    course.steps.push_back({.after_seconds = std::max(begin, 0.0), .usd_per_gpu_hour = price});
  }
  if (dated && scenario.start_delay_seconds)
    scenario.assumptions.push_back("price: its dates are counted from the median wait for accelerators");
  return course;
}

}  // namespace trainbudget::io
