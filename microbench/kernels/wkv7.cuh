// WKV-7, the recurrence of RWKV-7 (Peng et al., "RWKV-7 Goose", arXiv 2503.14456, eq. 15–18). For one head
// with state S [N, N] (rows: value channels i, columns: key channels j), at each token:
//   s = S·a,   S ← S·diag(w) + s·bᵀ + v·kᵀ,   y = S·r
// All inputs and y are [batch, sequence, heads, N]. One block walks the tokens of one head in turn.
#pragma once

#include "kernels/decay.cuh"
#include "kernels/head_chunk.cuh"
#include "kernels/head_tile.cuh"

namespace trainbudget::microbench {

/// Tokens between two saved states.
inline constexpr int wkv7_checkpoint = 16;

template <class Element>
struct Wkv7Inputs {
  const Element *r, *w, *k, *v, *a, *b;  ///< w is raw: see decay.cuh
};

/// Grid: (heads, batch). Saves s for every token and S after every 16th, for the backward pass.
template <int head_size, class Element, class Decay>
struct Wkv7Forward {
  using Tile = HeadTile<head_size, 4, 16>;
  static constexpr int threads = Tile::threads;
  static constexpr int blocks_per_multiprocessor = head_size == 64 ? 4 : 1;
  static constexpr int chunk = wkv7_checkpoint;
  using Chunk = HeadChunk<head_size, chunk, threads>;

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
    using Piece = Pack<Element, Chunk::width>;
    Piece r[Chunk::pieces], w[Chunk::pieces], k[Chunk::pieces], v[Chunk::pieces], a[Chunk::pieces],
        b[Chunk::pieces];
  };

  template <class Block>
  TB_DEVICE void fetch(Block& block, std::int64_t first, Pending& pending) const {
    const Chunk mine(block.thread());
    const std::int64_t start = head_offset<head_size>(block.y(), first, block.x(), sequence, heads);
    const std::int64_t stride = static_cast<std::int64_t>(heads) * head_size;
    TB_UNROLL
    for (int p = 0; p < Chunk::pieces; ++p) {
      const std::int64_t at = start + mine.token(p) * stride + mine.channel;
      pending.r[p] = load_pack<Chunk::width>(in.r + at);
      pending.w[p] = load_pack<Chunk::width>(in.w + at);
      pending.k[p] = load_pack<Chunk::width>(in.k + at);
      pending.v[p] = load_pack<Chunk::width>(in.v + at);
      pending.a[p] = load_pack<Chunk::width>(in.a + at);
      pending.b[p] = load_pack<Chunk::width>(in.b + at);
    }
  }

  static TB_DEVICE void put(const Pending& pending, int thread, Shared& shared) {
    const Chunk mine(thread);
    TB_UNROLL
    for (int p = 0; p < Chunk::pieces; ++p) {
      const int t = mine.token(p);
      share_pack(&shared.r[t][mine.channel], pending.r[p]);
      share_pack(&shared.k[t][mine.channel], pending.k[p]);
      share_pack(&shared.v[t][mine.channel], pending.v[p]);
      share_pack(&shared.a[t][mine.channel], pending.a[p]);
      share_pack(&shared.b[t][mine.channel], pending.b[p]);
      float w[Chunk::width];
      TB_UNROLL
      for (int i = 0; i < Chunk::width; ++i)
        w[i] = exponential(Decay::log_decay(to_float(pending.w[p].element[i])));
      share_floats(&shared.w[t][mine.channel], w);
    }
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    const Tile tile(block.thread());
    float S[Tile::rows][Tile::columns] = {};
    Pending pending;
    fetch(block, 0, pending);
    const std::int64_t start = head_offset<head_size>(block.y(), 0, block.x(), sequence, heads);
    const std::int64_t stride = heads * head_size;
    Element* y_row = y + start + tile.owned_row();
    float* s_rows = state_a + start + tile.first_row;
    for (std::int64_t first = 0; first < sequence; first += chunk) {
      block.barrier();
      put(pending, block.thread(), shared);
      block.barrier();
      if (first + chunk < sequence) fetch(block, first + chunk, pending);
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
