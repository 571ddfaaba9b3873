// Running on instances that their owner takes back.
#pragma once

#include "core/provenance.h"
#include "core/uncertainty.h"

#include <optional>

namespace trainbudget {

struct Spot {
  std::optional<Sourced<Range>>
      seconds_between;                 ///< of one instance, until it is taken back; absent: unknown
  Sourced<double> notice_seconds;      ///< between the warning and the end
  Sourced<Range> replacement_seconds;  ///< from the end to the first step after it, with waiting for capacity
  Sourced<double> gpus_per_instance;
  Sourced<double> on_demand_share;                ///< of the GPUs, in [0, 1): paid on demand and never taken
  std::optional<Sourced<Range>> on_demand_price;  ///< US dollars per GPU-hour; absent: unknown
};

/// Instances of a job on `gpus` that can be taken back.
constexpr double spot_instances(const Spot& spot, double gpus) {
  return gpus * (1.0 - spot.on_demand_share.value) / spot.gpus_per_instance.value;
}

}  // namespace trainbudget
