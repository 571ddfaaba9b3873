// Electrical power of an accelerator in training, its share of the server and the building.
#pragma once

#include "core/hardware.h"
#include "core/provenance.h"
#include "core/uncertainty.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

struct PowerModel {
  Sourced<Range> load_fraction;     ///< of the TDP, averaged over the run
  Sourced<Range> overhead_watts;    ///< CPUs, memory, NICs, fans: per accelerator
  Sourced<Range> network_fraction;  ///< switches and optics between the servers, on top of both
  Sourced<Range> pue;               ///< power usage effectiveness of the building, ≥ 1
};

struct ServerOverhead {
  std::vector<std::string> accelerators;  ///< empty: any
  std::optional<Range> watts;             ///< per accelerator, or
  std::optional<Range> fraction_of_tdp;   ///< this share of the TDP
  Provenance provenance;
};

struct BuildingPue {
  std::string provider;
  std::string region;  ///< empty: the provider's fleet
  double value = 1.0;
  Provenance provenance;
};

/// What making an accelerator and its share of the server emitted.
struct EmbodiedCarbon {
  std::vector<std::string> accelerators;
  Range grams;  ///< CO2e, per accelerator
  Provenance provenance;
};

/// What is known of power in general. Data: hardware_profiles/power.yaml.
struct PowerDefaults {
  Sourced<Range> load_fraction;
  std::vector<ServerOverhead> server_overhead;  ///< the first that fits is taken
  Sourced<Range> network_fraction;
  std::vector<BuildingPue> pue;
  Sourced<Range> default_pue;
  std::vector<EmbodiedCarbon> embodied;
  Sourced<Seconds> hardware_life;        ///< over which `embodied` is spread
  Sourced<double> hardware_utilization;  ///< share of its life that it works
  Sourced<double> grid_spread;           ///< by which sources on one grid differ, either way
};

/// The power of `accelerator` at `provider` in `region` (both may be empty); nothing where its TDP is
/// unknown.
std::optional<PowerModel> power_model(const PowerDefaults& defaults, const Accelerator& accelerator,
                                      std::string_view provider, std::string_view region);

/// Grams of CO2e per hour of the accelerator called `name` from its making; nothing where that is unknown.
std::optional<Sourced<Range>> embodied_of(const PowerDefaults& defaults, std::string_view name);

/// Watts that one accelerator of this TDP draws at the meter of the building:
/// (TDP × load + server overhead) × (1 + network) × PUE.
Range power_per_gpu(const PowerModel& power, Watts tdp);

}  // namespace trainbudget
