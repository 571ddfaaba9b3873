// Hardware as the model of a step sees it: plain numbers for one precision, taken from an accelerator's and a
// cluster's profiles.
#pragma once

#include "core/hardware.h"

#include <array>
#include <optional>

namespace trainbudget {

/// One tier of the network, as core/hardware.h describes it.
struct Link {
  double group = 1.0;      ///< accelerators within one group of this tier, inner tiers included
  double bandwidth = 0.0;  ///< bytes/s per accelerator and direction
  double latency = 0.0;    ///< seconds of one hop
  bool server = false;     ///< its accelerators are ranks of the run, all of them: none is passed over
  bool mesh = false;  ///< a link between each two of a group: n ranks have (n − 1) ÷ (group − 1) of it
  /// Bandwidth and latency are what collectives reach here, not a datasheet's: no fraction of it is taken.
  bool measured = false;
};

inline constexpr int most_tiers = 4;

/// Links from the innermost tier outwards; groups grow, and the last one holds everything.
struct Fabric {
  std::array<Link, most_tiers> links = {};
  int tiers = 0;
};

/// Plain data, SI units.
struct Machine {
  double matmul_peak = 0.0;   ///< FLOP/s, dense, at the precision of the run's matrix products
  double wide_peak = 0.0;     ///< FLOP/s of products in 16 bit, or wider where the run's are
  double scalar_peak = 0.0;   ///< FLOP/s of the vector units, fp32
  double matmul_bytes = 2.0;  ///< of one element that a matrix product reads: 2, 1 or ½
  double memory_bandwidth = 0.0;
  double memory_capacity = 0.0;
  double accelerators_per_node = 1.0;
  Fabric fabric;
};

/// `accelerator` in `cluster` at `precision`; nothing where the hardware has no such peak. Where the profile
/// has no vector peak, a sixteenth of the 16-bit one stands for it (it bounds element-wise work only).
std::optional<Machine> machine_of(const Accelerator& accelerator, const Cluster& cluster,
                                  Precision precision);

}  // namespace trainbudget
