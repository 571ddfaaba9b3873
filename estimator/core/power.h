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

/// What is known of power in general. Data: hardware_profiles/power.yaml.
struct PowerDefaults {
  Sourced<Range> load_fraction;
  std::vector<ServerOverhead> server_overhead;  ///< the first that fits is taken
  Sourced<Range> network_fraction;
  std::vector<BuildingPue> pue;
  Sourced<Range> default_pue;
};

/// The power of `accelerator` at `provider` in `region` (both may be empty); nothing where its TDP is
/// unknown.
std::optional<PowerModel> power_model(const PowerDefaults& defaults, const Accelerator& accelerator,
                                      std::string_view provider, std::string_view region);

}  // namespace trainbudget
