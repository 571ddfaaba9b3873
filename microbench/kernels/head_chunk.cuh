// How a block brings a chunk of tokens of one head into shared memory. Each thread takes pieces of four
// channels; the pieces of neighbours lie side by side, so that a warp reads whole sectors and its stores of
// 16 bytes a lane meet in no bank.
#pragma once

#include "portable/pack.h"

namespace trainbudget::microbench {

/// Offset of channel 0 of `token` in a [batch, sequence, heads, N] tensor.
template <int head_size>
TB_DEVICE std::int64_t head_offset(int batch, std::int64_t token, int head, std::int64_t sequence,
                                   int heads) {
  return ((batch * sequence + token) * heads + head) * head_size;
}

template <int head_size, int tokens, int threads>
struct HeadChunk {
  static constexpr int width = 4;  ///< channels of a piece
  static constexpr int pieces = tokens * head_size / (threads * width);
  static constexpr int stride = threads * width / head_size;  ///< tokens from a piece of a thread to its next

  static_assert(threads * width % head_size == 0 && tokens * head_size % (threads * width) == 0);

  static constexpr int together = pieces * width;

  int first_token;  ///< of the thread's pieces
  int channel;      ///< the first of each of them
  /// Where the thread asks for what a later chunk needs: for as many channels at once as it will read.
  int asked_token, asked_channel;

  TB_DEVICE explicit HeadChunk(int thread)
      : first_token(thread * width / head_size),
        channel(thread * width % head_size),
        asked_token(thread * together / head_size),
        asked_channel(thread * together % head_size) {}

  TB_DEVICE int token(int piece) const { return first_token + piece * stride; }
};

}  // namespace trainbudget::microbench
