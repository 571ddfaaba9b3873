// How a block shares the state matrix of one head. Each thread holds a tile of `rows` × `columns` in
// registers; the threads of one band of rows lie in one warp: a sum along a row stays inside the warp, and
// every value that is read from shared memory serves all rows of the tile.
//
// Lanes of a warp are dealt so that lane l and lane l ^ 1 have the same columns. A warp's load of 16 bytes a
// lane takes four passes, but two where such neighbours, or lanes l and l ^ 2, ask for the same address
// (forums.developer.nvidia.com/t/77228); reads of columns are of the first kind, reads of rows of the second.
//
// A sum over lanes halves at each exchange what is left to carry: a lane keeps one half and sends the other.
// Which half depends on the lane, and choosing costs as much as adding. So threads hold their tile in an
// order of their own, the half to keep first, as far as runs of four allow: see row() and first_column().
#pragma once

#include "portable/pack.h"

namespace trainbudget::microbench {

template <int head_size, int tile_rows, int tile_columns>
struct HeadTile {
  static constexpr int rows = tile_rows;
  static constexpr int columns = tile_columns;
  static constexpr int column_lanes = head_size / columns;     ///< threads that share a row
  static constexpr int warp_bands = warp_size / column_lanes;  ///< bands of rows in a warp
  static constexpr int threads = head_size / rows * column_lanes;
  static constexpr int warps = threads / warp_size;
  static constexpr int runs = columns / 4;  ///< columns are held in runs of four, read as 16 bytes

  static_assert(columns % 4 == 0 && rows % 4 == 0, "rows and columns are read four at a time");
  static_assert(column_lanes >= rows && warp_bands >= 2, "sums along rows need a lane for each");

  /// Whether half of the threads hold the upper half of their rows, or of their columns, first.
  static constexpr bool rows_ordered = rows >= 8, columns_ordered = runs >= 2 && warp_bands >= 4;

  int column_lane;
  int warp_band;
  int first_row;
  bool upper_rows, upper_columns;  ///< which half of the tile a thread keeps at the first exchange

  TB_DEVICE explicit HeadTile(int thread)
      : column_lane(thread / 2 % column_lanes),
        warp_band(thread % 2 + thread % warp_size / (2 * column_lanes) * 2),
        first_row((thread / warp_size * warp_bands + warp_band) * rows),
        upper_rows((column_lane & column_lanes / 2) != 0),
        upper_columns((warp_band & warp_bands / 2) != 0) {}

  /// The row of the head that this thread holds in place i.
  TB_DEVICE int row(int i) const { return first_row + (rows_ordered && upper_rows ? i ^ rows / 2 : i); }

  /// First column of the run of four that this thread holds in place `run`. The lanes of a row read 16 bytes
  /// each, side by side.
  TB_DEVICE int first_column(int run) const {
    return ((columns_ordered && upper_columns ? run ^ runs / 2 : run) * column_lanes + column_lane) * 4;
  }

  /// The row whose total this thread holds after sum_row().
  TB_DEVICE int owned_row() const {
    int owned = first_row;
    TB_UNROLL
    for (int half = rows / 2, mask = column_lanes / 2; half > 0; half /= 2, mask /= 2)
      owned += (column_lane & mask) != 0 ? half : 0;
    return owned;
  }
  /// The first of the columns whose sum over the warp this thread holds after sum_columns().
  TB_DEVICE int owned_column() const {
    int first = columns_ordered || !upper_columns ? 0 : columns / 2;
    TB_UNROLL
    for (int half = columns / 4, mask = warp_bands / 4; mask > 0; half /= 2, mask /= 2)
      first += (warp_band & mask) != 0 ? half : 0;
    return first_column(first / 4) + first % 4;
  }
  /// One thread of those that hold the same row total: the one that writes it.
  TB_DEVICE bool owns_row() const { return column_lane % (column_lanes / rows) == 0; }

  /// Reads the columns of this thread from `row` in shared memory.
  TB_DEVICE void read_columns(const float* row, float (&values)[columns]) const {
    TB_UNROLL
    for (int run = 0; run < runs; ++run) {
      const Pack<float, 4> four = load_pack<4>(row + first_column(run));
      TB_UNROLL
      for (int i = 0; i < 4; ++i)
        values[run * 4 + i] = four.element[i];
    }
  }
  /// Reads the rows of this thread from `column` in shared memory.
  TB_DEVICE void read_rows(const float* column, float (&values)[rows]) const {
    TB_UNROLL
    for (int first = 0; first < rows; first += 4) {
      const Pack<float, 4> four = load_pack<4>(column + row(first));
      TB_UNROLL
      for (int i = 0; i < 4; ++i)
        values[first + i] = four.element[i];
    }
  }

  /// The value of the thread whose column lane differs by `mask`.
  template <class Block>
  static TB_DEVICE float across_columns(Block& block, float value, int mask) {
    return block.shuffle_xor(value, 2 * mask);
  }
  /// The value of the thread whose band of the warp differs by `mask`.
  template <class Block>
  static TB_DEVICE float across_bands(Block& block, float value, int mask) {
    return block.shuffle_xor(value, mask == 1 ? 1 : mask * column_lanes);
  }

  /// Sums each row over the threads that share it; every one of them gets all totals.
  template <class Block>
  TB_DEVICE void sum_rows(Block& block, float (&partial)[rows]) const {
    TB_UNROLL
    for (int mask = column_lanes / 2; mask > 0; mask /= 2) {
      TB_UNROLL
      for (int i = 0; i < rows; ++i)
        partial[i] += across_columns(block, partial[i], mask);
    }
  }

  /// Sums `value` over the threads that share a row.
  template <class Block>
  TB_DEVICE float sum_lanes(Block& block, float value) const {
    TB_UNROLL
    for (int mask = column_lanes / 2; mask > 0; mask /= 2)
      value += across_columns(block, value, mask);
    return value;
  }

  /// Sums the rows over the threads that share them and returns the total of owned_row().
  template <class Block>
  TB_DEVICE float sum_row(Block& block, float (&partial)[rows]) const {
    TB_UNROLL
    for (int half = rows / 2, mask = column_lanes / 2; mask > 0; half /= 2, mask /= 2) {
      if (half == 0) {
        partial[0] += across_columns(block, partial[0], mask);
        continue;
      }
      const bool swap = !(rows_ordered && half == rows / 2) && (column_lane & mask) != 0;
      TB_UNROLL
      for (int i = 0; i < half; ++i) {
        const float kept = swap ? partial[half + i] : partial[i];
        const float sent = swap ? partial[i] : partial[half + i];
        partial[i] = kept + across_columns(block, sent, mask);
      }
    }
    return partial[0];
  }

  /// Columns whose sum over the warp a thread holds after sum_columns().
  static constexpr int owned_columns = columns / warp_bands;

  /// Sums the columns over the row bands of the warp; the first owned_columns of `sum` are then the totals
  /// from owned_column() on.
  template <class Block>
  TB_DEVICE void sum_columns(Block& block, float (&sum)[columns]) const {
    TB_UNROLL
    for (int half = columns / 2, mask = warp_bands / 2; mask > 0; half /= 2, mask /= 2) {
      const bool swap = !(columns_ordered && half == columns / 2) && (warp_band & mask) != 0;
      TB_UNROLL
      for (int j = 0; j < half; ++j) {
        const float kept = swap ? sum[half + j] : sum[j];
        const float sent = swap ? sum[j] : sum[half + j];
        sum[j] = kept + across_bands(block, sent, mask);
      }
    }
  }
};

}  // namespace trainbudget::microbench
