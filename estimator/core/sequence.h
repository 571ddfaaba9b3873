// The lengths that a run trains on: they decide the part of the work that grows with the context.
#pragma once

#include "core/op.h"

#include <array>

namespace trainbudget {

/// How the keys of a causal query are counted. Published utilisations differ in this; hardware figures never
/// use `full`.
enum class AttentionCount : unsigned char {
  causal,  ///< what is needed: half of the square
  full,    ///< the whole square, as much of the literature up to 2025 counts it
};

/// Documents of one length in a packed sequence.
struct DocumentLength {
  double tokens = 0.0;  ///< length of such a document
  double share = 0.0;   ///< fraction of all tokens that are in such documents
};
inline constexpr int most_document_lengths = 32;

/// One training sample. Plain data of fixed size.
struct Sequence {
  double length = 4096.0;       ///< tokens
  double encoder_length = 0.0;  ///< tokens of the encoder's input, encoder–decoder models only
  AttentionCount count = AttentionCount::causal;

  /// Packed documents that do not attend to one another; none means that a sample is one document. Shares sum
  /// to 1.
  std::array<DocumentLength, most_document_lengths> documents = {};
  int document_lengths = 0;

  /// Tokens of `stream` per token of the main stream.
  constexpr double tokens_per_token(Stream stream) const {
    return stream == Stream::main ? 1.0 : encoder_length / length;
  }
};

/// Keys that a query of the attention core `op` attends to, on average over the sequence. Causal: s/2 for s
/// tokens; with a sliding window w < s: w − w²/2s; in chunks: half a chunk. These are the continuous forms,
/// as in published counts; the discrete sums are half a key larger.
double attended_keys(const Op& op, const Sequence& sequence);

}  // namespace trainbudget
