#include "calibration/profile.h"

#include "calibration/backtest.h"
#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace trainbudget {
namespace {

/// A posterior narrower than this part of the prior was learnt from rows.
constexpr double told_by_rows = 0.8;

}  // namespace

std::string newest_date(std::span<const Observation* const> rows, std::string_view accelerator,
                        std::string_view stack) {
  std::string newest;
  for (const Observation* row : rows) {
    if (row->run->accelerator == accelerator && row->run->stack == stack)
      newest = std::max(newest, row->run->date);
  }
  return newest;
}

std::vector<const Observation*> rows_with_memory(std::span<const Observation* const> rows) {
  std::vector<const Observation*> found;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(found),
               [](const Observation* row) { return row->has_memory(); });
  return found;
}

EfficiencyProfile make_profile(const Fit& fit, const Fit& memory, std::span<const Observation* const> rows,
                               const ProfileKey& key, const std::string& source) {
  const bool generic = key.stack == generic_stack;
  const ProfileKey fitted = generic ? ProfileKey{key.accelerator, {}, {}} : key;
  EfficiencyProfile profile{.name = std::string(key.accelerator) + "/" + std::string(key.stack),
                            .accelerator = std::string(key.accelerator),
                            .stack = std::string(key.stack),
                            .date = std::string(key.date)};
  const Efficiency values = fit.efficiency(fitted);
  const Efficiency memory_values = memory.efficiency(fitted);
  for (const ParameterRow& row : parameter_table()) {
    const bool for_memory = is_of_memory(row.parameter);
    const Fit& telling = for_memory ? memory : fit;
    ProfileParameter& parameter = profile.parameters[index_of(row.parameter)];
    parameter.value = (for_memory ? memory_values : values)[row.parameter];
    parameter.spread = telling.coordinate_spread(fitted, row.parameter);
    const bool told = parameter.spread < told_by_rows * telling.prior_spread(row);
    parameter.provenance = {.origin = told ? Origin::fitted : Origin::assumed, .source = source};
  }
  // How far rows of this accelerator (and stack) would lie from a prediction, were they not fitted.
  std::vector<double> spreads;
  std::vector<double> memory_spreads;
  for (const Observation* row : rows) {
    if (row->run->accelerator != key.accelerator) continue;
    if (!generic && row->run->stack != key.stack) continue;
    if (!generic) ++profile.rows;
    spreads.push_back(fit.predict(*row, fitted).parameter_spread);
    memory_spreads.push_back(memory.predict(*row, fitted).parameter_spread);
  }
  if (!generic) profile.seen = kinds_seen(rows, key.stack);
  const double wider = generic ? unknown_stack_widening : known_stack_widening(profile.rows);
  const double scatter = fit.residual_spread(fitted.stack);
  profile.row_spread = wider * scatter;
  profile.step_time_spread = wider * std::hypot(upper_median(spreads), scatter);
  profile.memory_spread =
      wider * std::hypot(upper_median(memory_spreads), memory.residual_spread(fitted.stack));
  return profile;
}

}  // namespace trainbudget
