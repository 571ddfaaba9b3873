// A finished sweep for people and programs.
#pragma once

#include "render/table.h"
#include "sweep/analysis.h"
#include "sweep/point.h"
#include "sweep/sweep.h"

#include <span>
#include <string>
#include <vector>

namespace trainbudget::sweep {

/// Rows in the order that the file asks for, with the difference to the scenario they are compared to.
render::Table sweep_table(const Sweep& sweep, std::span<const Point> points, const Analysis& analysis);
/// Cheapest, fastest, the inputs that move the cost most; one sentence each.
std::vector<std::string> sweep_findings(const Sweep& sweep, std::span<const Point> points,
                                        const Analysis& analysis);
/// Where the scenarios take their prices from different offers: what each takes.
std::vector<std::string> price_findings(const Sweep& sweep, PointReader& reader);
/// schema/whatif-report.schema.json.
std::string sweep_json(const Sweep& sweep, std::span<const Point> points, const Analysis& analysis);

/// "gpus 64, tokens 1T" or "spot: gpus 64"; the scenario's name where there is no grid.
std::string place_text(const Sweep& sweep, const Place& place);

}  // namespace trainbudget::sweep
