// What a run is computed on: accelerators, the links between them, and the clusters built from them.
// Plain values; every number carries its provenance. Files are read by io/accelerator_file and
// io/cluster_file.
#pragma once

#include "core/provenance.h"
#include "core/quantity.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget {

/// What a matrix product multiplies. Accumulation is in FP32 (int32 for int8).
/// `fp64` and `fp32` are the vector units of NVIDIA; tensor units have their own rows.
enum class Precision { fp64, fp64_tensor, fp32, tf32, bf16, fp16, fp8, int8, fp4 };

inline constexpr std::array<Precision, 9> all_precisions = {
    Precision::fp64, Precision::fp64_tensor, Precision::fp32, Precision::tf32, Precision::bf16,
    Precision::fp16, Precision::fp8,         Precision::int8, Precision::fp4};

/// The word for `precision` in files and reports.
constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::fp64:
      return "fp64";
    case Precision::fp64_tensor:
      return "fp64_tensor";
    case Precision::fp32:
      return "fp32";
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
    case Precision::fp16:
      return "fp16";
    case Precision::fp8:
      return "fp8";
    case Precision::int8:
      return "int8";
    case Precision::fp4:
      return "fp4";
  }
  return "unknown";
}

/// Peak rates by precision; absent where the hardware has no such unit (bf16 on a V100).
using PeakTable = std::array<std::optional<Sourced<FlopsPerSecond>>, all_precisions.size()>;

/// The peak at `precision`; nullptr where the hardware has none.
inline const Sourced<FlopsPerSecond>* find_peak(const PeakTable& table, Precision precision) {
  const auto& peak = table[static_cast<std::size_t>(precision)];
  return peak ? &*peak : nullptr;
}

/// What another source says about a number. The number in use stays in its own field.
struct Dispute {
  std::string field;  ///< path in the file, e.g. "peak.fp4"
  std::string other;  ///< the other value as written, e.g. "12.6 PFLOPS"; empty where there is only a remark
  std::string note;   ///< who says so
};

/// A departure from a rule of thumb that the physics test checks, with the reason.
struct DeclaredException {
  std::string rule;  ///< a rule of the physics test, e.g. "fp8_is_twice_bf16"
  std::string note;
};

/// The links that tie the accelerators of one scale-up domain together (NVLink, Infinity Fabric, ICI; PCIe
/// where there is nothing better).
struct ScaleUpLink {
  std::string name;
  Sourced<BytesPerSecond>
      bandwidth;           ///< per accelerator and direction; vendors print the sum of both directions
  Sourced<double> domain;  ///< accelerators that reach each other at this bandwidth; 1: none
  std::string note;
};

struct Accelerator {
  std::string name;   ///< as users type it: "a100-sxm-80gb"
  std::string title;  ///< as the vendor prints it
  std::string vendor;
  int year = 0;        ///< of launch
  std::string status;  ///< "available", "end_of_life", "announced", "china", "rare"
  std::vector<std::string> aliases;

  PeakTable peak;         ///< dense
  PeakTable sparse_peak;  ///< with structured sparsity; shown, never used in an estimate

  /// At which the 16-bit `peak` is counted, where the vendor tells it: not always the highest that the driver
  /// names.
  std::optional<Sourced<Hertz>> peak_clock;

  /// Devices that one accelerator is to software, each with its share of everything, where that is not one.
  std::optional<Sourced<double>> devices;

  std::string memory_type;
  Sourced<Bytes> memory_capacity;                ///< as the vendor prints it, GB = 10^9
  std::optional<Sourced<Bytes>> memory_offered;  ///< that the driver offers to one process, where it is known
  Sourced<BytesPerSecond> memory_bandwidth;

  ScaleUpLink scale_up;
  std::optional<Sourced<double>> accelerators_per_node;  ///< of the usual server
  std::optional<Sourced<BytesPerSecond>>
      scale_out_bandwidth;  ///< NIC, per accelerator and direction, usual server
  std::optional<Sourced<Watts>> tdp;
  /// Measured in service, where the maker publishes it; to be used as it is, without a load fraction of the
  /// TDP.
  std::optional<Sourced<Watts>> average_power;
  std::optional<Sourced<Usd>> list_price;

  std::vector<Dispute> disputes;
  std::vector<DeclaredException> exceptions;
  std::vector<std::string> notes;
};

/// One level of a cluster's network, as a collective sees it.
struct Tier {
  std::string name;  ///< "nvlink", "efa"
  /// Accelerators in one group of this tier, those of the inner tiers included. Absent: no stated limit.
  std::optional<Sourced<double>> group_size;
  Sourced<BytesPerSecond> bandwidth;  ///< per accelerator and direction
  bool mesh = false;         ///< a link between each two: some of them have that share of `bandwidth`
  Sourced<Seconds> latency;  ///< of one hop, software included
  std::string note;
};

/// A kind of server or pod and the network between its copies.
struct Cluster {
  std::string name;
  std::string title;
  std::string provider;     ///< for PUE and prices; empty: bought, not rented
  std::string accelerator;  ///< name of its profile
  std::string instance;     ///< what the provider calls one node; empty where it has no name
  std::vector<std::string> aliases;

  Sourced<double> accelerators_per_node;
  std::vector<Tier> tiers;  ///< innermost first: in package, scale-up domain, scale-out; at least one

  /// CPUs, memory, NICs, fans and power supplies of one node, without the accelerators.
  std::optional<Sourced<Watts>> overhead_power;  ///< in use
  std::optional<Sourced<Watts>> rated_power;     ///< nameplate of a whole node, accelerators included

  std::vector<Dispute> disputes;
  std::vector<std::string> notes;
};

/// What a process may hold: what the driver offers, as far as that is known.
inline const Sourced<Bytes>& memory_of(const Accelerator& accelerator) {
  return accelerator.memory_offered ? *accelerator.memory_offered : accelerator.memory_capacity;
}

}  // namespace trainbudget
