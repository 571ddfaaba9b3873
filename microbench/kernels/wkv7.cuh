// WKV-7, the recurrence of RWKV-7 (Peng et al., "RWKV-7 Goose", arXiv 2503.14456, eq. 15–18). For one head
// with state S [N, N] (rows: value channels i, columns: key channels j), at each token:
//   s = S·a,   S ← S·diag(w) + s·bᵀ + v·kᵀ,   y = S·r
// All inputs and y are [batch, sequence, heads, N]. One block walks the tokens of one head in turn.
#pragma once

#include "kernels/decay.cuh"
#include "kernels/head_tile.cuh"
#include "portable/pack.h"

namespace trainbudget::microbench {

/// Tokens between two saved states.
inline constexpr int wkv7_checkpoint = 16;

template <class Element>
struct Wkv7Inputs {
  const Element *r, *w, *k, *v, *a, *b;  ///< w is raw: see decay.cuh
};

/// Offset of channel 0 of `token` in a [batch, sequence, heads, N] tensor.
template <int head_size>
TB_DEVICE std::int64_t head_offset(int batch, std::int64_t token, int head, std::int64_t sequence,
                                   int heads) {
  return ((batch * sequence + token) * heads + head) * head_size;
}

/// Grid: (heads, batch). Saves s for every token and S after every 16th, for the backward pass.
template <int head_size, class Element, class Decay>
struct Wkv7Forward {
  using Tile = HeadTile<head_size, 4, 16>;
  static constexpr int threads = Tile::threads;
  static constexpr int blocks_per_multiprocessor = head_size == 64 ? 4 : 1;
  static constexpr int chunk = wkv7_checkpoint;
  static constexpr int width = chunk * head_size / threads;  ///< channels that a thread loads per chunk

  struct Shared {
    alignas(16) float r[chunk][head_size];
    float w[chunk][head_size], k[chunk][head_size], v[chunk][head_size], a[chunk][head_size],
        b[chunk][head_size];
  };

  Wkv7Inputs<Element> in;
  Element* y;
  float* state;    ///< [batch, heads, sequence / 16, N, N]
  float* state_a;  ///< s: [batch, sequence, heads, N]
  int batch, heads;
  std::int64_t sequence;

  Grid grid() const { return {static_cast<unsigned>(heads), static_cast<unsigned>(batch), 1}; }

  /// The next chunk, on its way from global memory while this one is worked on.
  struct Pending {
    Pack<Element, width> r, w, k, v, a, b;
  };

  template <class Block>
  TB_DEVICE Pending fetch(Block& block, std::int64_t first) const {
    const int channel = block.thread() * width;
    const std::int64_t at =
        head_offset<head_size>(block.y(), first + channel / head_size, block.x(), sequence, heads) +
        channel % head_size;
    return {load_pack<width>(in.r + at), load_pack<width>(in.w + at), load_pack<width>(in.k + at),
            load_pack<width>(in.v + at), load_pack<width>(in.a + at), load_pack<width>(in.b + at)};
  }

  static TB_DEVICE void put(const Pending& pending, int thread, Shared& shared) {
    const int token = thread * width / head_size;
    const int channel = thread * width % head_size;
    TB_UNROLL
    for (int i = 0; i < width; ++i) {
      shared.r[token][channel + i] = to_float(pending.r.element[i]);
      shared.w[token][channel + i] = exponential(Decay::log_decay(to_float(pending.w.element[i])));
      shared.k[token][channel + i] = to_float(pending.k.element[i]);
      shared.v[token][channel + i] = to_float(pending.v.element[i]);
      shared.a[token][channel + i] = to_float(pending.a.element[i]);
      shared.b[token][channel + i] = to_float(pending.b.element[i]);
    }
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    const Tile tile(block.thread());
    float S[Tile::rows][Tile::columns] = {};
    Pending pending = fetch(block, 0);
    const std::int64_t start = head_offset<head_size>(block.y(), 0, block.x(), sequence, heads);
    const std::int64_t stride = heads * head_size;
    Element* y_row = y + start + tile.owned_row();
    float* s_rows = state_a + start + tile.first_row;
    for (std::int64_t first = 0; first < sequence; first += chunk) {
      block.barrier();
      put(pending, block.thread(), shared);
      block.barrier();
      if (first + chunk < sequence) pending = fetch(block, first + chunk);
      for (int t = 0; t < chunk; ++t) {
        advance(block, tile, shared, t, y_row, s_rows, S);
        y_row += stride;
        s_rows += stride;
      }
      save(block, tile, first / chunk, S);
    }
  }

  template <class Block>
  TB_DEVICE void advance(Block& block, const Tile& tile, const Shared& shared, int t, Element* y_row,
                         float* s_rows, float (&S)[Tile::rows][Tile::columns]) const {
    float column[Tile::columns];
    float s[Tile::rows] = {};
    tile.read_columns(shared.a[t], column);
    TB_UNROLL
    for (int i = 0; i < Tile::rows; ++i) {
      TB_UNROLL
      for (int j = 0; j < Tile::columns; ++j)
        s[i] += S[i][j] * column[j];
    }
    tile.sum_rows(block, s);

    float w[Tile::columns], k[Tile::columns], b[Tile::columns], v[Tile::rows];
    tile.read_columns(shared.w[t], w);
    tile.read_columns(shared.k[t], k);
    tile.read_columns(shared.b[t], b);
    tile.read_columns(shared.r[t], column);
    tile.read_rows(shared.v[t], v);
    float partial[Tile::rows] = {};
    TB_UNROLL
    for (int i = 0; i < Tile::rows; ++i) {
      TB_UNROLL
      for (int j = 0; j < Tile::columns; ++j) {
        S[i][j] = S[i][j] * w[j] + s[i] * b[j] + v[i] * k[j];
        partial[i] += S[i][j] * column[j];
      }
    }
    const float total = tile.sum_row(block, partial);
    if (tile.owns_row()) *y_row = from_float<Element>(total);
    if (tile.column_lane == 0) store_floats(s_rows, s);
  }

  template <class Block>
  TB_DEVICE void save(Block& block, const Tile& tile, std::int64_t checkpoint,
                      const float (&S)[Tile::rows][Tile::columns]) const {
    const std::int64_t saved = (block.y() * heads + block.x()) * (sequence / chunk) + checkpoint;
    float* target = state + saved * head_size * head_size;
    TB_UNROLL
    for (int i = 0; i < Tile::rows; ++i) {
      TB_UNROLL
      for (int run = 0; run < Tile::runs; ++run) {
        const float four[4] = {S[i][4 * run], S[i][4 * run + 1], S[i][4 * run + 2], S[i][4 * run + 3]};
        store_floats(target + tile.row(i) * head_size + tile.first_column(run), four);
      }
    }
  }
};

}  // namespace trainbudget::microbench
