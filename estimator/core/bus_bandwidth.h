// Collectives as nccl-tests measures them: algorithm bandwidth is bytes ÷ seconds; bus bandwidth is what each
// rank's link carried, comparable between collectives and numbers of ranks
// (github.com/NVIDIA/nccl-tests, doc/PERFORMANCE.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trainbudget {

enum class Collective : std::uint8_t { all_reduce, reduce_scatter, all_gather, all_to_all, send_receive };
inline constexpr std::array<std::string_view, 5> collective_words{"all_reduce", "reduce_scatter",
                                                                  "all_gather", "all_to_all", "send_receive"};

constexpr std::string_view name_of(Collective collective) {
  return collective_words[static_cast<std::size_t>(collective)];
}

/// Bus bandwidth ÷ algorithm bandwidth over `ranks` ranks. "Bytes" of a collective is the whole buffer of one
/// rank: what is reduced, what is gathered, what is scattered, what all destinations together receive.
constexpr double bus_factor(Collective collective, double ranks) {
  switch (collective) {
    case Collective::all_reduce:
      return 2.0 * (ranks - 1.0) / ranks;
    case Collective::reduce_scatter:
    case Collective::all_gather:
    case Collective::all_to_all:
      return (ranks - 1.0) / ranks;
    case Collective::send_receive:
      return 1.0;
  }
  return 1.0;
}

/// Bytes per second on each rank's link.
constexpr double bus_bandwidth(Collective collective, double ranks, double bytes, double seconds) {
  return bytes / seconds * bus_factor(collective, ranks);
}

}  // namespace trainbudget
