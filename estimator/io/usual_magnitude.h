// Bounds that tell a slip of units from a number: TB for GB, EFLOPS for PFLOPS.
#pragma once

#include "io/quantity_text.h"
#include "io/yaml_node.h"

#include <limits>

namespace trainbudget::io {

/// What numbers of one kind lie between, both ends included: what was built and announced by 2026
/// (hardware_profiles), with a factor of about thirty to either side, so that a factor of a thousand is seen.
/// In SI base units.
struct Magnitude {
  double least = 0.0;
  double most = std::numeric_limits<double>::infinity();
};

namespace magnitude {
inline constexpr Magnitude any{};
inline constexpr Magnitude peak_of_narrow{1e12, 300e15};  ///< FLOP/s at 16 bit and less
inline constexpr Magnitude peak_of_wide{10e9, 10e15};     ///< at fp64, fp32 and tf32
inline constexpr Magnitude memory_capacity{1e9, 10e12};
inline constexpr Magnitude memory_bandwidth{10e9, 300e12};
inline constexpr Magnitude link_bandwidth{10e6, 50e12};  ///< inside of a server and between servers
inline constexpr Magnitude link_latency{10e-9, 0.1};
inline constexpr Magnitude accelerator_clock{30e6, 90e9};
inline constexpr Magnitude accelerator_power{1.0, 50e3};
inline constexpr Magnitude node_power{10.0, 5e6};  ///< a node may be a whole rack
inline constexpr Magnitude accelerator_price{20.0, 5e6};
}  // namespace magnitude

/// Throws InputError at `node`, which says `value`, where that is not `usual`. The hint names the same number
/// in the unit that was probably meant, and then `way_out`.
void require_usual(const YamlNode& node, double value, QuantityKind kind, Magnitude usual,
                   const std::string& way_out);

}  // namespace trainbudget::io
