#include "core/sequence.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

/// Keys of a causal query on average; a window counts within each chunk.
double causal_keys(double length, double window, double chunk) {
  const auto within_window = [window](double tokens) {
    return window > 0.0 && tokens > window ? window - window * window / (2.0 * tokens) : tokens / 2.0;
  };
  if (chunk > 0.0 && length > chunk) {
    const double whole = std::floor(length / chunk);
    const double rest = length - whole * chunk;
    return (whole * chunk * within_window(chunk) + (rest > 0.0 ? rest * within_window(rest) : 0.0)) / length;
  }
  return within_window(length);
}

double keys_in_document(const Op& op, double length, AttentionCount count) {
  if (op.attends == Attends::causal && count == AttentionCount::causal) {
    return causal_keys(length, op.window, op.chunk);
  }
  double keys = length;
  if (op.window > 0.0) keys = std::min(keys, op.window);
  if (op.chunk > 0.0) keys = std::min(keys, op.chunk);
  return keys;
}

}  // namespace

double attended_keys(const Op& op, const Sequence& sequence) {
  if (op.attends == Attends::cross) return sequence.encoder_length;
  if (op.stream == Stream::encoder) return keys_in_document(op, sequence.encoder_length, sequence.count);
  if (sequence.document_lengths == 0) return keys_in_document(op, sequence.length, sequence.count);
  double keys = 0.0;
  for (int i = 0; i < sequence.document_lengths; ++i) {
    const DocumentLength& document = sequence.documents[static_cast<std::size_t>(i)];
    keys += document.share * keys_in_document(op, document.tokens, sequence.count);
  }
  return keys;
}

}  // namespace trainbudget
