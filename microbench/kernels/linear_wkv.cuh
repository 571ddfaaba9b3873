// WKV-5.2 and WKV-6 (Peng et al., "Eagle and Finch", arXiv 2404.05892, eq. 7–9 and 18–20). For one head with
// state S [N, N] (rows: value channels i, columns: key channels j), at each token:
//   y = S·r + v·Σ_j r_j u_j k_j,   S ← S·diag(w) + v·kᵀ
// with a decay w per channel (5.2) or per channel and token (6). The three gradients that need a state are
// the same recurrence with other roles, run forwards or backwards in time, so one sweep serves all four:
//   out = M·x + bonus,   M ← diag(w) M (or M diag(w)) + p·qᵀ
//              rows  x   p   q   time        bonus
//   value y    i     r   v   k   forwards    v_i Σ_j r_j u_j k_j
//   d_r        j     dy  k   v   forwards    u_j k_j Σ_i v_i dy_i
//   d_k        j     v   r   dy  backwards   u_j r_j Σ_i v_i dy_i
//   d_v        i     k   dy  r   backwards   dy_i Σ_j r_j u_j k_j
// No step is undone, so any decay will do, down to zero.
#pragma once

#include "kernels/decay.cuh"
#include "kernels/head_chunk.cuh"
#include "kernels/head_tile.cuh"

namespace trainbudget::microbench {

enum class LinearSweep : std::uint8_t { output, receptance, key, value };

template <class Element, bool decay_per_token>
struct LinearWkvArguments {
  const Element *r, *k, *v;  ///< [batch, sequence, heads, N]
  const Element* w;          ///< WKV-6: raw decay [batch, sequence, heads, N]
  const float* channel_w;    ///< WKV-5.2: raw decay [heads, N]
  const Element* u;          ///< bonus [heads, N]
  const Element* dy;
  Element *y, *dr, *dk, *dv;
  Element* dw;     ///< like w; for WKV-5.2 [batch, heads, N], to be summed over the batch
  Element* du;     ///< [batch, heads, N], to be summed over the batch
  float* carried;  ///< scratch from the receptance sweep to the key sweep: r ⊙ (d_r without bonus), like r
  int batch, heads;
  std::int64_t sequence;
};

/// One sweep of one head by one block.
template <LinearSweep sweep, class Element, bool decay_per_token>
struct LinearWkvSweep {
  static constexpr int head_size = 64;
  using Tile = HeadTile<head_size, 4, 16>;
  using Arguments = LinearWkvArguments<Element, decay_per_token>;
  static constexpr int chunk = 8;
  using Chunk = HeadChunk<head_size, chunk, Tile::threads>;
  static constexpr bool backwards = sweep == LinearSweep::key || sweep == LinearSweep::value;
  static constexpr bool rows_are_keys = sweep == LinearSweep::receptance || sweep == LinearSweep::key;

  struct Shared {
    alignas(16) float x[chunk][head_size];
    float q[chunk][head_size], p[chunk][head_size], w[chunk][head_size];
    float bonus[chunk][head_size];    ///< summed over columns
    float other[chunk][head_size];    ///< receptance: r; key: k
    float slope[chunk][head_size];    ///< d log w / d raw
    float carried[chunk][head_size];  ///< key: from the receptance sweep
  };

  const Arguments& in;
  const Tile tile;
  const int head, sample;
  float M[Tile::rows][Tile::columns] = {};
  // Held by the thread that owns a row of keys.
  float u_row, slope_row;
  float decay_sum = 0.0F;  ///< Σ of r·d_r over later tokens − Σ of k·d_k over this and later tokens
  float dw_total = 0.0F, du_total = 0.0F;

  template <class Block>
  TB_DEVICE LinearWkvSweep(Block& block, const Arguments& arguments)
      : in(arguments), tile(block.thread()), head(block.x()), sample(block.y()) {
    const int channel = head * head_size + tile.owned_row();
    u_row = to_float(in.u[channel]);
    slope_row = decay_per_token ? 0.0F : ExponentialDecay::log_decay_slope(in.channel_w[channel]);
  }

  TB_DEVICE std::int64_t at(std::int64_t token) const {
    return head_offset<head_size>(sample, token, head, in.sequence, in.heads);
  }

  /// Asks for what fetch() will read of a later token, where there is one.
  TB_DEVICE void prefetch_at(std::int64_t token, int channel) const {
    if (token < 0 || token >= in.sequence) return;
    const std::int64_t o = at(token) + channel;
    prefetch(in.r + o);
    prefetch(in.k + o);
    prefetch(in.v + o);
    if constexpr (sweep != LinearSweep::output) prefetch(in.dy + o);
    if constexpr (sweep == LinearSweep::key) prefetch(in.carried + o);
    if constexpr (decay_per_token) prefetch(in.w + o);
  }

  /// Four channels of one token, as they are in global memory.
  struct Piece {
    Pack<Element, Chunk::width> r, k, v, g, w, u;
    Pack<float, Chunk::width> channel_w, carried;
  };

  /// Everything is asked for before anything is waited for.
  template <class Block>
  TB_DEVICE void load(Block& block, std::int64_t first, Shared& shared) const {
    const Chunk mine(block.thread());
    prefetch_at(first + mine.asked_token + (backwards ? -chunk : chunk), mine.asked_channel);
    Piece pieces[Chunk::pieces];
    TB_UNROLL
    for (int p = 0; p < Chunk::pieces; ++p) {
      if (first + mine.token(p) < in.sequence) fetch(first + mine.token(p), mine.channel, pieces[p]);
    }
    TB_UNROLL
    for (int p = 0; p < Chunk::pieces; ++p) {
      if (first + mine.token(p) < in.sequence) put(pieces[p], mine.token(p), mine.channel, shared);
    }
  }

  TB_DEVICE void fetch(std::int64_t token, int channel, Piece& piece) const {
    constexpr int width = Chunk::width;
    const std::int64_t o = at(token) + channel;
    piece.r = load_pack<width>(in.r + o);
    piece.k = load_pack<width>(in.k + o);
    piece.v = load_pack<width>(in.v + o);
    if constexpr (sweep != LinearSweep::output) piece.g = load_pack<width>(in.dy + o);
    if constexpr (sweep == LinearSweep::key) piece.carried = load_pack<width>(in.carried + o);
    piece.u = load_pack<width>(in.u + head * head_size + channel);
    if constexpr (decay_per_token) {
      piece.w = load_pack<width>(in.w + o);
    } else {
      piece.channel_w = load_pack<width>(in.channel_w + head * head_size + channel);
    }
  }

  /// Writes what token `t` of the chunk needs, from channel `c` on.
  TB_DEVICE void put(const Piece& piece, int t, int c, Shared& shared) const {
    constexpr int width = Chunk::width;
    float decay[width], slope[width], bonus[width];
    TB_UNROLL
    for (int i = 0; i < width; ++i) {
      const float raw = decay_per_token ? to_float(piece.w.element[i]) : piece.channel_w.element[i];
      decay[i] = exponential(ExponentialDecay::log_decay(raw));
      slope[i] = rows_are_keys ? ExponentialDecay::log_decay_slope(raw) : 0.0F;
      bonus[i] = rows_are_keys ? to_float(piece.v.element[i]) * to_float(piece.g.element[i])
                               : to_float(piece.r.element[i]) * to_float(piece.u.element[i]) *
                                     to_float(piece.k.element[i]);
    }
    share_floats(&shared.w[t][c], decay);
    share_floats(&shared.bonus[t][c], bonus);
    if constexpr (rows_are_keys) {
      constexpr bool receptance = sweep == LinearSweep::receptance;
      share_pack(&shared.p[t][c], receptance ? piece.k : piece.r);
      share_pack(&shared.other[t][c], receptance ? piece.r : piece.k);
      share_pack(&shared.x[t][c], receptance ? piece.g : piece.v);
      share_pack(&shared.q[t][c], receptance ? piece.v : piece.g);
      share_floats(&shared.slope[t][c], slope);
      if constexpr (!receptance) share_pack(&shared.carried[t][c], piece.carried);
    } else {
      constexpr bool output = sweep == LinearSweep::output;
      share_pack(&shared.p[t][c], output ? piece.v : piece.g);
      share_pack(&shared.x[t][c], output ? piece.r : piece.k);
      share_pack(&shared.q[t][c], output ? piece.k : piece.r);
    }
  }

  template <class Block>
  TB_DEVICE void run(Block& block, Shared& shared) {
    const std::int64_t chunks = divide_up<std::int64_t>(in.sequence, chunk);
    const std::int64_t stride = static_cast<std::int64_t>(in.heads) * head_size;
    for (std::int64_t c = 0; c < chunks; ++c) {
      const std::int64_t first = (backwards ? chunks - 1 - c : c) * chunk;
      const auto tokens = static_cast<int>(in.sequence - first < chunk ? in.sequence - first : chunk);
      block.barrier();
      load(block, first, shared);
      block.barrier();
      int t = backwards ? tokens - 1 : 0;
      std::int64_t o = at(first + t);
      for (int i = 0; i < tokens; ++i) {
        step(block, shared, t, o);
        t += backwards ? -1 : 1;
        o += backwards ? -stride : stride;
      }
    }
    if constexpr (sweep == LinearSweep::key) {
      if (tile.owns_row()) {
        const std::int64_t o =
            (static_cast<std::int64_t>(sample) * in.heads + head) * head_size + tile.owned_row();
        in.du[o] = from_float<Element>(du_total);
        if constexpr (!decay_per_token) in.dw[o] = from_float<Element>(dw_total * slope_row);
      }
    }
  }

  template <class Block>
  TB_DEVICE void step(Block& block, const Shared& shared, int t, std::int64_t o) {
    float x[Tile::columns], q[Tile::columns], w_column[Tile::columns], bonus[Tile::columns];
    float p[Tile::rows], w_row[Tile::rows];
    tile.read_columns(shared.x[t], x);
    tile.read_columns(shared.q[t], q);
    tile.read_columns(shared.bonus[t], bonus);
    tile.read_rows(shared.p[t], p);
    if constexpr (rows_are_keys) {
      tile.read_rows(shared.w[t], w_row);
    } else {
      tile.read_columns(shared.w[t], w_column);
    }
    float bonus_sum = 0.0F;
    TB_UNROLL
    for (int j = 0; j < Tile::columns; ++j)
      bonus_sum += bonus[j];
    float partial[Tile::rows];
    TB_UNROLL
    for (int i = 0; i < Tile::rows; ++i) {
      partial[i] = rows_are_keys ? 0.0F : p[i] * bonus_sum;
      TB_UNROLL
      for (int j = 0; j < Tile::columns; ++j) {
        partial[i] += M[i][j] * x[j];
        M[i][j] = M[i][j] * (rows_are_keys ? w_row[i] : w_column[j]) + p[i] * q[j];
      }
    }
    const float total = tile.sum_row(block, partial);
    if constexpr (rows_are_keys) bonus_sum = tile.sum_lanes(block, bonus_sum);
    if (!tile.owns_row()) return;
    const int row = tile.owned_row();
    if constexpr (rows_are_keys) {
      write_key_row(shared, t, row, o + row, total, bonus_sum);
    } else {
      (sweep == LinearSweep::output ? in.y : in.dv)[o + row] = from_float<Element>(total);
    }
  }

  /// `state_part`: the gradient without the bonus; `value_dot` = Σ_i v_i dy_i.
  ///
  /// The gradient of log w needs no state of the other direction. With P_t = Σ_i D_t ⊙ S_t (D = dL/dS), the
  /// step gives P_t = g_t + k_t d_k,t and P_(t−1) = g_t + r_t d_r,t for g_t = dL/d log w_t, both without
  /// bonus; so g_t = Σ over later tokens of r·d_r − Σ over this and later tokens of k·d_k.
  TB_DEVICE void write_key_row(const Shared& shared, int t, int row, std::int64_t o, float state_part,
                               float value_dot) {
    const float with_bonus = state_part + u_row * shared.p[t][row] * value_dot;
    const float other = shared.other[t][row];
    if constexpr (sweep == LinearSweep::receptance) {
      in.dr[o] = from_float<Element>(with_bonus);
      in.carried[o] = other * state_part;
    } else {
      in.dk[o] = from_float<Element>(with_bonus);
      du_total += other * shared.p[t][row] * value_dot;
      decay_sum -= other * state_part;
      if constexpr (decay_per_token) {
        in.dw[o] = from_float<Element>(decay_sum * shared.slope[t][row]);
      } else {
        dw_total += decay_sum;
      }
      decay_sum += shared.carried[t][row];
    }
  }
};

/// One sweep, or two that do not depend on each other side by side. Grid: (heads, batch, sweeps).
template <class Element, bool decay_per_token, LinearSweep first, LinearSweep second = first>
struct LinearWkv {
  using First = LinearWkvSweep<first, Element, decay_per_token>;
  using Second = LinearWkvSweep<second, Element, decay_per_token>;
  using Shared = typename First::Shared;
  static_assert(sizeof(Shared) == sizeof(typename Second::Shared));
  static constexpr int threads = First::Tile::threads;
  static constexpr int blocks_per_multiprocessor = 4;

  LinearWkvArguments<Element, decay_per_token> in;

  Grid grid() const {
    return {static_cast<unsigned>(in.heads), static_cast<unsigned>(in.batch), first == second ? 1U : 2U};
  }

  template <class Block>
  TB_DEVICE void operator()(Block& block, Shared& shared) const {
    if (first == second || block.z() == 0) {
      First(block, in).run(block, shared);
    } else {
      Second(block, in).run(block, reinterpret_cast<typename Second::Shared&>(shared));
    }
  }
};

}  // namespace trainbudget::microbench
