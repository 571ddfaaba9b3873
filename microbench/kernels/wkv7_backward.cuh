// The gradient of WKV-7. Walks the tokens backwards, from each saved state undoing one step at a time:
//   S' = (S - s·bᵀ - v·kᵀ)·diag(1/w)
// which is why the decay must not be near zero. With D = dL/dS, both D and S live once, as tiles
// (head_tile.cuh): sums along a row (dv, ds) stay in the warp; sums along a column (dr, dw, dk, da, db) are
// finished across warps through shared memory, `group` tokens at a time, off the path of the recurrence. Five
// sums run along columns and two along rows, so tiles are taller than those of the forward pass.
#pragma once

#include "kernels/wkv7.cuh"

namespace trainbudget::microbench {

/// Grid: (heads, batch).
template <int head_size, class Element, class Decay>
struct Wkv7Backward {
  using Tile = HeadTile<head_size, 8, 8>;
  static constexpr int threads = Tile::threads;
  static constexpr int blocks_per_multiprocessor = head_size == 64 ? 4 : 1;
  static constexpr int chunk = 8;                        ///< tokens held in shared memory
  static constexpr int group = head_size == 64 ? 2 : 1;  ///< tokens between two block barriers
  using Chunk = HeadChunk<head_size, chunk, threads>;

  struct Shared {
    alignas(16) float r[chunk][head_size];
    float w[chunk][head_size], inverse_w[chunk][head_size], slope[chunk][head_size];
    float k[chunk][head_size], v[chunk][head_size], a[chunk][head_size], b[chunk][head_size];
    float dy[chunk][head_size], s[chunk][head_size];
    float column[5][group][Tile::warps][head_size];  ///< sums of one warp: dr, dw, dk, da, db
    float dv[group][head_size], ds[group][head_size];
  };

  Wkv7Inputs<Element> in;
  const Element* dy;
  const float *state, *state_a;
  Element *dr, *dw, *dk, *dv, *da, *db;
  int batch, heads;
  std::int64_t sequence;

  Grid grid() const { return {static_cast<unsigned>(heads), static_cast<unsigned>(batch), 1}; }

  template <class Block>
  TB_DEVICE void load(Block& block, std::int64_t first, Shared& shared) const {
    const Chunk mine(block.thread());
    const std::int64_t start = head_offset<head_size>(block.y(), first, block.x(), sequence, heads);
    const std::int64_t stride = static_cast<std::int64_t>(heads) * head_size;
    if (first > 0) {
      const std::int64_t before = start + (mine.asked_token - chunk) * stride + mine.asked_channel;
      for (const Element* source : {in.r, in.w, in.k, in.v, in.a, in.b, dy})
        prefetch(source + before);
      prefetch(state_a + before);
    }
    TB_UNROLL
    for (int p = 0; p < Chunk::pieces; ++p)
      load_piece(mine, mine.token(p), start + mine.token(p) * stride + mine.channel, shared);
  }

  /// The piece of `token` of the chunk, which lies at `at`.
  TB_DEVICE void load_piece(const Chunk& mine, int token, std::int64_t at, Shared& shared) const {
    constexpr int width = Chunk::width;
    const auto r = load_pack<width>(in.r + at), w = load_pack<width>(in.w + at),
               k = load_pack<width>(in.k + at), v = load_pack<width>(in.v + at),
               a = load_pack<width>(in.a + at), b = load_pack<width>(in.b + at),
               g = load_pack<width>(dy + at);
    const auto s = load_pack<width>(state_a + at);
    share_pack(&shared.r[token][mine.channel], r);
    share_pack(&shared.k[token][mine.channel], k);
    share_pack(&shared.v[token][mine.channel], v);
    share_pack(&shared.a[token][mine.channel], a);
    share_pack(&shared.b[token][mine.channel], b);
    share_pack(&shared.dy[token][mine.channel], g);
    share_pack(&shared.s[token][mine.channel], s);
    float decay[width], inverse[width], slope[width];
    TB_UNROLL
    for (int i = 0; i < width; ++i) {
      const float raw = to_float(w.element[i]);
      const float log_decay = Decay::log_decay(raw);
      decay[i] = exponential(log_decay);
      inverse[i] = exponential(-log_decay);
      slope[i] = Decay::log_decay_slope(raw) * decay[i];
    }
    share_floats(&shared.w[token][mine.channel], decay);
    share_floats(&shared.inverse_w[token][mine.channel], inverse);
    share_floats(&shared.slope[token][mine.channel], slope);
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    const Tile tile(block.thread());
    float S[Tile::rows][Tile::columns] = {};
    float D[Tile::rows][Tile::columns] = {};
    for (std::int64_t first = sequence - chunk; first >= 0; first -= chunk) {
      load(block, first, shared);
      if ((first + chunk) % wkv7_checkpoint == 0)
        restore(block, tile, (first + chunk) / wkv7_checkpoint - 1, S);
      block.barrier();
      for (int last = chunk - 1; last >= 0; last -= group) {
        TB_UNROLL
        for (int i = 0; i < group; ++i)
          step_back(block, tile, shared, last - i, i, S, D);
        block.barrier();
        finish(block, shared, first, last);
        block.barrier();
      }
    }
  }

  template <class Block>
  TB_DEVICE void restore(Block& block, const Tile& tile, std::int64_t checkpoint,
                         float (&S)[Tile::rows][Tile::columns]) const {
    const std::int64_t saved = (block.y() * heads + block.x()) * (sequence / wkv7_checkpoint) + checkpoint;
    const float* source = state + saved * head_size * head_size;
    TB_UNROLL
    for (int i = 0; i < Tile::rows; ++i) {
      TB_UNROLL
      for (int run = 0; run < Tile::runs; ++run) {
        const float* run_at = source + tile.row(i) * head_size + tile.first_column(run);
        const auto four = load_pack<4>(run_at);
        if (checkpoint > 0) prefetch(run_at - head_size * head_size);
        TB_UNROLL
        for (int j = 0; j < 4; ++j)
          S[i][run * 4 + j] = four.element[j];
      }
    }
  }

  /// One token: leaves the warp's column sums and dv in slot `slot` of the group.
  template <class Block>
  TB_DEVICE void step_back(Block& block, const Tile& tile, Shared& shared, int t, int slot,
                           float (&S)[Tile::rows][Tile::columns],
                           float (&D)[Tile::rows][Tile::columns]) const {
    float g[Tile::rows], v[Tile::rows], s[Tile::rows];
    tile.read_rows(shared.dy[t], g);
    tile.read_rows(shared.v[t], v);
    tile.read_rows(shared.s[t], s);
    float x[Tile::columns], z[Tile::columns], sum[Tile::columns];

    // y = S·r
    tile.read_columns(shared.r[t], x);
    TB_UNROLL
    for (int j = 0; j < Tile::columns; ++j) {
      sum[j] = 0.0F;
      TB_UNROLL
      for (int i = 0; i < Tile::rows; ++i) {
        sum[j] += S[i][j] * g[i];
        D[i][j] += g[i] * x[j];
      }
    }
    put_column_sum(block, tile, sum, shared.column[0][slot]);

    // S = S'·diag(w) + s·bᵀ + v·kᵀ, with respect to k, b, v, s
    float dv_partial[Tile::rows] = {}, ds[Tile::rows] = {};
    tile.read_columns(shared.k[t], x);
    tile.read_columns(shared.b[t], z);
    TB_UNROLL
    for (int i = 0; i < Tile::rows; ++i) {
      TB_UNROLL
      for (int j = 0; j < Tile::columns; ++j) {
        dv_partial[i] += D[i][j] * x[j];
        ds[i] += D[i][j] * z[j];
        S[i][j] = S[i][j] - s[i] * z[j] - v[i] * x[j];
      }
    }
    const float ds_total = tile.sum_row(block, ds);
    const float dv_total = tile.sum_row(block, dv_partial);
    if (tile.owns_row()) {
      shared.ds[slot][tile.owned_row()] = ds_total;
      shared.dv[slot][tile.owned_row()] = dv_total;
    }
    block.warp_barrier();
    tile.read_rows(shared.ds[slot], ds);
    put_column_dot(block, tile, D, v, shared.column[2][slot]);
    put_column_dot(block, tile, D, s, shared.column[4][slot]);

    // … with respect to w and a, now that S is the state before the token
    tile.read_columns(shared.inverse_w[t], x);
    TB_UNROLL
    for (int j = 0; j < Tile::columns; ++j) {
      sum[j] = 0.0F;
      TB_UNROLL
      for (int i = 0; i < Tile::rows; ++i) {
        S[i][j] *= x[j];
        sum[j] += D[i][j] * S[i][j];
      }
    }
    put_column_sum(block, tile, sum, shared.column[1][slot]);
    put_column_dot(block, tile, S, ds, shared.column[3][slot]);
    tile.read_columns(shared.w[t], x);
    tile.read_columns(shared.a[t], z);
    TB_UNROLL
    for (int i = 0; i < Tile::rows; ++i) {
      TB_UNROLL
      for (int j = 0; j < Tile::columns; ++j)
        D[i][j] = D[i][j] * x[j] + ds[i] * z[j];
    }
  }

  template <class Block>
  TB_DEVICE void put_column_dot(Block& block, const Tile& tile,
                                const float (&matrix)[Tile::rows][Tile::columns],
                                const float (&vector)[Tile::rows],
                                float (&target)[Tile::warps][head_size]) const {
    float sum[Tile::columns];
    TB_UNROLL
    for (int j = 0; j < Tile::columns; ++j) {
      sum[j] = 0.0F;
      TB_UNROLL
      for (int i = 0; i < Tile::rows; ++i)
        sum[j] += matrix[i][j] * vector[i];
    }
    put_column_sum(block, tile, sum, target);
  }

  /// Sums the columns over the warp and writes the warp's share of the sum.
  template <class Block>
  TB_DEVICE void put_column_sum(Block& block, const Tile& tile, float (&sum)[Tile::columns],
                                float (&target)[Tile::warps][head_size]) const {
    tile.sum_columns(block, sum);
    float share[Tile::owned_columns];
    TB_UNROLL
    for (int j = 0; j < Tile::owned_columns; ++j)
      share[j] = sum[j];
    share_floats(&target[block.thread() / warp_size][tile.owned_column()], share);
  }

  /// Adds up the warps' sums of a group of tokens that ends at `last` of the chunk, and writes the gradients.
  template <class Block>
  TB_DEVICE void finish(Block& block, const Shared& shared, std::int64_t first, int last) const {
    constexpr int pair = 2;
    constexpr int pairs = head_size / pair;
    for (int item = block.thread(); item < group * pairs; item += threads) {
      const int slot = item / pairs;
      const int channel = item % pairs * pair;
      const int t = last - slot;
      const std::int64_t at =
          head_offset<head_size>(block.y(), first + t, block.x(), sequence, heads) + channel;
      float total[5][pair] = {};
      TB_UNROLL
      for (int kind = 0; kind < 5; ++kind) {
        TB_UNROLL
        for (int warp = 0; warp < Tile::warps; ++warp) {
          float share[pair];
          load_floats(&shared.column[kind][slot][warp][channel], share);
          TB_UNROLL
          for (int i = 0; i < pair; ++i)
            total[kind][i] += share[i];
        }
      }
      float slope[pair], dv_total[pair];
      load_floats(&shared.slope[t][channel], slope);
      load_floats(&shared.dv[slot][channel], dv_total);
      TB_UNROLL
      for (int i = 0; i < pair; ++i)
        total[1][i] *= slope[i];
      store_floats(dr + at, total[0]);
      store_floats(dw + at, total[1]);
      store_floats(dk + at, total[2]);
      store_floats(da + at, total[3]);
      store_floats(db + at, total[4]);
      store_floats(dv + at, dv_total);
    }
  }
};

}  // namespace trainbudget::microbench
