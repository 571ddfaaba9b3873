// The frame of the passes over [rows, channels]: a thread owns 8 neighbouring channels and walks a strip of
// rows, so that accesses are 16 bytes wide and a gradient summed over rows stays in registers until the strip
// ends. What a pass does to one row is its `Pass`:
//   struct Pass {
//     static constexpr int sums;                    number of [channels] results summed over all rows
//     struct Parameters;                            what it keeps of its [channels] inputs
//     Parameters parameters(int channel) const;
//     template <class Block> void row(Block&, const Place&, const Parameters&, float (&sum)[…][8]) const;
//   };
// Strips leave one partial sum each, added up in a fixed order by SumStrips: no atomics, the same bits every
// time.
#pragma once

#include "kernels/strip_counts.h"
#include "portable/pack.h"

namespace trainbudget::microbench {

/// Channels of one thread.
inline constexpr int strip_width = 8;
using Eight = float[strip_width];

/// Where a thread is.
struct Place {
  std::int64_t row;
  int channel;           ///< the first of eight
  std::int64_t element;  ///< row × channels + channel
  /// False in the threads behind the last channel: they compute along, since exchanges need whole warps, on
  /// the last channels, and must not write.
  bool active;

  /// Writes eight results.
  template <class Element>
  TB_DEVICE void store(Element* target, const Eight& values) const {
    if (active) store_floats(target + element, values);
  }
};

/// Sums over `lanes` neighbouring threads; all of them get the sum.
template <int lanes, class Block>
TB_DEVICE float sum_over_lanes(Block& block, float value) {
  TB_UNROLL
  for (int mask = lanes / 2; mask > 0; mask /= 2)
    value += block.shuffle_xor(value, mask);
  return value;
}

/// Grid: (channels / 1024, strips).
template <class Pass>
struct Strips {
  static constexpr int threads = 128;
  // Six sums take the registers of half the warps, but such a pass has a dozen loads in flight per thread.
  static constexpr int blocks_per_multiprocessor = Pass::sums > 3 ? 2 : 4;
  static constexpr int sums = Pass::sums;
  struct Shared {};

  Pass pass;
  std::int64_t rows;
  int channels;
  int strips;
  float* partial;  ///< [sums, strips, channels]; unused without sums

  Grid grid() const {
    return {static_cast<unsigned>(divide_up(channels, threads * strip_width)), static_cast<unsigned>(strips),
            1};
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared&) const {
    const int wanted = (block.x() * threads + block.thread()) * strip_width;
    const bool active = wanted < channels;
    const int channel = active ? wanted : channels - strip_width;
    const std::int64_t per_strip = divide_up<std::int64_t>(rows, strips);
    const std::int64_t first = block.y() * per_strip;
    const std::int64_t last = first + per_strip < rows ? first + per_strip : rows;
    const typename Pass::Parameters parameters = pass.parameters(channel);
    float sum[sums > 0 ? sums : 1][strip_width] = {};
    for (std::int64_t row = first; row < last; ++row) {
      pass.row(block, Place{row, channel, row * channels + channel, active}, parameters, sum);
    }
    if constexpr (sums > 0) {
      if (!active) return;
      TB_UNROLL
      for (int s = 0; s < sums; ++s) {
        store_floats(partial + (static_cast<std::int64_t>(s) * strips + block.y()) * channels + channel,
                     sum[s]);
      }
    }
  }
};

/// Where the sums of a pass go, each [channels].
template <int sums>
struct SumTargets {
  float* target[sums];
};

/// Adds the strips' partial sums. Grid: (channels / 32, sums); each warp adds every eighth strip.
template <int sums>
struct SumStrips {
  static constexpr int threads = 256;
  static constexpr int blocks_per_multiprocessor = 1;
  static constexpr int warps = threads / warp_size;
  struct Shared {
    float share[warps][warp_size];
  };

  const float* partial;
  SumTargets<sums> out;
  int channels;
  int strips;

  Grid grid() const { return {static_cast<unsigned>(divide_up(channels, warp_size)), sums, 1}; }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    const int lane = block.thread() % warp_size;
    const int warp = block.thread() / warp_size;
    const int channel = block.x() * warp_size + lane;
    float total = 0.0F;
    if (channel < channels) {
      const float* column = partial + static_cast<std::int64_t>(block.y()) * strips * channels + channel;
      for (int strip = warp; strip < strips; strip += warps)
        total += column[static_cast<std::int64_t>(strip) * channels];
    }
    shared.share[warp][lane] = total;
    block.barrier();
    if (warp != 0 || channel >= channels) return;
    total = 0.0F;
    TB_UNROLL
    for (int i = 0; i < warps; ++i)
      total += shared.share[i][lane];
    // A run-time index into the arguments would copy them to the stack.
    TB_UNROLL
    for (int s = 0; s < sums; ++s) {
      if (s == block.y()) out.target[s][channel] = total;
    }
  }
};

}  // namespace trainbudget::microbench
