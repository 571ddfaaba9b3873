// Sums over a model's operations: parameters and FLOPs by part, and why 6·N·D is not the exact count.
#pragma once

#include "core/model_ops.h"
#include "core/sequence.h"

#include <array>

namespace trainbudget {

/// Model FLOPs are per token of the main stream.
struct Totals {
  double parameters = 0.0;
  double active_parameters = 0.0;  ///< that one token uses: routed experts count by top-k ÷ experts
  double trained_parameters = 0.0;
  double forward_flops = 0.0;
  double backward_flops = 0.0;

  constexpr double flops() const { return forward_flops + backward_flops; }
  Totals& operator+=(const Totals& other);
};

/// Why the exact FLOPs per token differ from 6 × parameters. The terms add up to the difference.
enum class GapTerm : unsigned char {
  embedding_lookup,  ///< tables are read, not multiplied: −6 per entry
  tied_head,         ///< the head multiplies by the embedding's weights, which count once: +6 per entry
  inactive_experts,  ///< experts that a token does not visit
  vectors,           ///< norms, biases, mixing vectors: no matrix products
  frozen,            ///< weights that are not trained have no weight gradients; LoRA
  encoder,           ///< weights that see a number of tokens other than the main stream's
  attention,         ///< scores and weighted sums
  recurrence,        ///< scans over time
};
inline constexpr int gap_term_count = 8;

struct ModelSummary {
  Totals total;
  std::array<Totals, part_count> parts;
  Totals layers;                      ///< all layers, without embedding and head
  double embedding_parameters = 0.0;  ///< tables of the input embedding, positions included
  double head_parameters = 0.0;       ///< the matrix to the vocabulary; 0 when tied

  double attention_flops = 0.0;            ///< of `total`: scores and weighted sums
  double recurrence_flops = 0.0;           ///< of `total`: scans over time
  double six_n_flops = 0.0;                ///< 6 × all parameters
  std::array<double, gap_term_count> gap;  ///< total.flops() − six_n_flops, term by term

  /// FLOPs per token that hardware adds: one more forward pass of the layers; of the attention cores alone;
  /// and the product that fused attention recomputes in its backward pass.
  double full_recompute_flops = 0.0;
  double selective_recompute_flops = 0.0;
  double fused_attention_flops = 0.0;

  double cache_bytes = 0.0;  ///< keys and values of one sequence of `length` tokens, 16 bit
  double state_bytes = 0.0;  ///< recurrent state of one sequence

  const Totals& of(Part part) const { return parts[static_cast<std::size_t>(part)]; }
  double gap_of(GapTerm term) const { return gap[static_cast<std::size_t>(term)]; }
};

/// Parameters and FLOPs of one operation over `sequence`.
Totals totals_of(const Op& op, const Sequence& sequence);

/// The same for one layer.
Totals totals_of(const Block& block, const Sequence& sequence);

ModelSummary summarize(const ModelOps& model, const Sequence& sequence);

/// All parameters of a model.
double parameters_of(const Model& model);

/// The published shorthand 6·N + 12·layers·width·s (Chowdhery et al., arXiv 2204.02311, appendix B), with N
/// all active parameters and the whole square of the attention; the sum over layers follows heads and windows
/// of this model.
double six_n_plus_attention_flops(const ModelOps& model, const Sequence& sequence);

}  // namespace trainbudget
