// How a price changes while the run goes on.
#pragma once

#include "core/budget.h"
#include "core/scenario.h"
#include "io/map_reader.h"
#include "io/yaml_node.h"

#include <optional>

namespace trainbudget::io {

/// The keys `rises_per_year` and `falls_per_year` of a price; nothing where neither is there.
std::optional<PriceCourse> read_course(const YamlNode& node);
/// Marks these keys as read.
void skip_course(MapReader& map);

/// `[{amount: $3/h}, {after: 30 days, amount: $2.5/h}]`, or with dates: `{from: 2027-01-01, amount: $2.5/h}`.
/// Dates are counted from the first step of the run, after the median wait for accelerators, which an
/// assumption of `scenario` says. Throws InputError for prices out of order, and for dates of a run without a
/// start.
PriceCourse read_schedule(const YamlNode& node, Scenario& scenario);

}  // namespace trainbudget::io
