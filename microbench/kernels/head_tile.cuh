// How a block shares the state matrix of one head. Each thread holds a tile of 4 rows × 8 columns in
// registers, the threads of one row band lie side by side in a warp: a sum along a row stays inside the warp,
// and every value that is read from shared memory serves four rows.
#pragma once

#include "portable/pack.h"

namespace trainbudget::microbench {

template <int head_size>
struct HeadTile {
  static_assert(head_size == 64 || head_size == 128, "a row band must fit in a warp");

  static constexpr int rows = 4;
  static constexpr int columns = 8;
  static constexpr int column_lanes = head_size / columns;  ///< threads that share a row
  static constexpr int threads = head_size / rows * column_lanes;
  static constexpr int warps = threads / warp_size;

  int column_lane;
  int first_row;

  TB_DEVICE explicit HeadTile(int thread)
      : column_lane(thread % column_lanes), first_row(thread / column_lanes * rows) {}

  /// First column of half 0 or 1. Two runs of four, so that the lanes of a row read 128 bytes without bank
  /// conflict.
  TB_DEVICE int first_column(int half) const { return half * (head_size / 2) + column_lane * 4; }

  /// The row whose total this thread holds after sum_row().
  TB_DEVICE int owned_row() const {
    return first_row + (column_lane & (column_lanes / 2) ? 2 : 0) +
           (column_lane & (column_lanes / 4) ? 1 : 0);
  }
  /// One thread of those that hold the same row total: the one that writes it.
  TB_DEVICE bool owns_row() const { return column_lane % (column_lanes / 4) == 0; }

  /// Reads the eight columns of this thread from `row` in shared memory.
  TB_DEVICE void read_columns(const float* row, float (&values)[columns]) const {
    TB_UNROLL
    for (int half = 0; half < 2; ++half) {
      const Pack<float, 4> run = load_pack<4>(row + first_column(half));
      TB_UNROLL
      for (int i = 0; i < 4; ++i)
        values[half * 4 + i] = run.element[i];
    }
  }
  /// Reads the four rows of this thread from `column` in shared memory.
  TB_DEVICE void read_rows(const float* column, float (&values)[rows]) const {
    load_floats(column + first_row, values);
  }

  /// Sums each of the four rows over the threads that share it; every one of them gets all four.
  template <class Block>
  TB_DEVICE void sum_rows(Block& block, float (&partial)[rows]) const {
    TB_UNROLL
    for (int mask = column_lanes / 2; mask > 0; mask /= 2) {
      TB_UNROLL
      for (int i = 0; i < rows; ++i)
        partial[i] += block.shuffle_xor(partial[i], mask);
    }
  }

  /// Sums `value` over the threads that share a row.
  template <class Block>
  TB_DEVICE float sum_lanes(Block& block, float value) const {
    TB_UNROLL
    for (int mask = column_lanes / 2; mask > 0; mask /= 2)
      value += block.shuffle_xor(value, mask);
    return value;
  }

  /// Sums the four rows over the threads that share them and returns the total of owned_row(): each exchange
  /// halves what is left to carry, 4 shuffles or 5 where sum_rows() takes 12 or 16.
  template <class Block>
  TB_DEVICE float sum_row(Block& block, const float (&partial)[rows]) const {
    const bool upper = (column_lane & (column_lanes / 2)) != 0;
    float pair[2];
    TB_UNROLL
    for (int i = 0; i < 2; ++i) {
      const float kept = upper ? partial[2 + i] : partial[i];
      const float sent = upper ? partial[i] : partial[2 + i];
      pair[i] = kept + block.shuffle_xor(sent, column_lanes / 2);
    }
    const bool odd = (column_lane & (column_lanes / 4)) != 0;
    float total = odd ? pair[1] : pair[0];
    total += block.shuffle_xor(odd ? pair[0] : pair[1], column_lanes / 4);
    TB_UNROLL
    for (int mask = column_lanes / 8; mask > 0; mask /= 2)
      total += block.shuffle_xor(total, mask);
    return total;
  }
};

}  // namespace trainbudget::microbench
