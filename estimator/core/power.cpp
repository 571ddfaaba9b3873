#include "core/power.h"

#include "core/carbon.h"

#include <algorithm>

namespace trainbudget {
namespace {

Sourced<Range> overhead_of(const PowerDefaults& defaults, const Accelerator& accelerator) {
  for (const ServerOverhead& entry : defaults.server_overhead) {
    const bool fits = entry.accelerators.empty() ||
                      std::find(entry.accelerators.begin(), entry.accelerators.end(), accelerator.name) !=
                          entry.accelerators.end();
    if (!fits) continue;
    if (entry.watts) return {*entry.watts, entry.provenance};
    if (entry.fraction_of_tdp)
      return {*entry.fraction_of_tdp * accelerator.tdp->value.value, entry.provenance};
  }
  return {exactly(0.0),
          {.origin = Origin::assumed, .source = "no figure for the server around this accelerator"}};
}

/// The region goes before the fleet, the fleet before the industry.
Sourced<Range> pue_of(const PowerDefaults& defaults, std::string_view provider, std::string_view region) {
  const BuildingPue* fleet = nullptr;
  for (const BuildingPue& entry : defaults.pue) {
    if (entry.provider != provider) continue;
    if (!entry.region.empty() && entry.region == region) return {exactly(entry.value), entry.provenance};
    if (entry.region.empty() && fleet == nullptr) fleet = &entry;
  }
  return fleet != nullptr ? Sourced<Range>{exactly(fleet->value), fleet->provenance} : defaults.default_pue;
}

}  // namespace

std::optional<PowerModel> power_model(const PowerDefaults& defaults, const Accelerator& accelerator,
                                      std::string_view provider, std::string_view region) {
  if (!accelerator.tdp) return std::nullopt;
  PowerModel model{.load_fraction = defaults.load_fraction,
                   .overhead_watts = overhead_of(defaults, accelerator),
                   .network_fraction = defaults.network_fraction,
                   .pue = pue_of(defaults, provider, region)};
  if (accelerator.average_power) {
    model.load_fraction = {exactly(accelerator.average_power->value / accelerator.tdp->value),
                           accelerator.average_power->provenance};
  }
  return model;
}

std::optional<Sourced<Range>> embodied_of(const PowerDefaults& defaults, std::string_view name) {
  for (const EmbodiedCarbon& entry : defaults.embodied) {
    if (std::find(entry.accelerators.begin(), entry.accelerators.end(), name) == entry.accelerators.end())
      continue;
    return Sourced<Range>{embodied_per_hour(entry.grams, defaults.hardware_life.value.value,
                                            defaults.hardware_utilization.value),
                          entry.provenance};
  }
  return std::nullopt;
}

Range power_per_gpu(const PowerModel& power, Watts tdp) {
  const Range server = sum(power.load_fraction.value * tdp.value, power.overhead_watts.value);
  return product(product(server, power.network_fraction.value + 1.0), power.pue.value);
}

}  // namespace trainbudget
