// A model's operations over one run's sequences, gathered into what time and memory are computed from. Made
// once; every layout reads it. All figures are per token of the main stream and for the unsharded model.
#pragma once

#include "core/model_kind.h"
#include "core/model_ops.h"
#include "core/training_run.h"
#include "core/wkv_time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace trainbudget {

/// A figure, divided by how tensor parallelism shares it out.
struct Shares {
  double replicated = 0.0;  ///< the same on every tensor-parallel rank
  double tensor = 0.0;      ///< divided by tensor parallelism
  double sequence = 0.0;    ///< divided only under sequence parallelism
  double experts = 0.0;     ///< divided by expert parallelism

  constexpr double total() const { return replicated + tensor + sequence + experts; }
  Shares& operator+=(const Shares& other);
  friend constexpr Shares operator*(const Shares& s, double factor) {
    return {s.replicated * factor, s.tensor * factor, s.sequence * factor, s.experts * factor};
  }
};

/// [tokens, k] × [k, n], `count` times.
struct MatrixProduct {
  double n = 0.0;
  double k = 0.0;
  double count = 1.0;
  double active = 1.0;  ///< fraction of `count` that a token visits
  double tokens = 1.0;  ///< rows per token of the main stream
  double passes =
      3.0;  ///< products a step: 1 forward, 2 backward; fewer where weights or inputs need no gradient
  Split split = Split::none;
  Arithmetic arithmetic = Arithmetic::matmul;
  Piece piece = Piece::none;  ///< that it is computed again with
};

/// Scores, softmax and weighted sum.
struct AttentionWork {
  double forward_flops = 0.0;  ///< executed: causal where fused, the whole square where not
  double backward_flops =
      0.0;  ///< executed: 2.5 × forward where fused, 2 × where not, 0 where nothing is trained
  double score_bytes_forward = 0.0;  ///< of scores that travel through memory; 0 where fused
  double score_bytes_backward = 0.0;
  double key_value_bytes = 0.0;  ///< of keys and values, 16 bit: what context parallelism passes round
  double heads = 0.0;
  double head_size = 0.0;
  double keys = 0.0;  ///< that a query attends to, on average
  bool fused = true;
};

/// Measured times of one kernel over B·H, at the sequence length of the workload.
struct MeasuredCurve {
  std::uint32_t first_point = 0, points = 0;  ///< of Workload::recurrence_points; 0: not measured
  double resident_heads = 0.0;                ///< as of WkvTable
};

/// A scan over time.
struct RecurrenceWork {
  std::string_view kernel;  ///< of Op
  double head_size = 0.0;
  double heads = 0.0;   ///< per sequence
  double blocks = 0.0;  ///< thread blocks per sequence
  double step = 1.0;    ///< scan_step of Op
  double forward_bytes = 0.0;
  double backward_bytes = 0.0;
  double exchanged_bytes = 0.0;  ///< of Op
  double forward_flops = 0.0;
  double backward_flops = 0.0;
  MeasuredCurve forward, backward;  ///< core/measured_recurrence.h
};

/// What training holds for the weights of a block, bytes.
struct HeldState {
  Shares weights;
  Shares gradients;
  Shares optimizer;  ///< states and master copy
};

/// What recomputing one piece of a block runs again, but for its matrix products, and what it lets go of.
struct PieceWork {
  Shares elementwise;            ///< bytes forward
  Shares released;               ///< bytes kept from forward to backward otherwise
  double operations = 0.0;       ///< launches, but for
  double expert_products = 0.0;  ///< those of each routed expert's products, all experts together
};

/// One kind of layer, the embedding, or the head. `first_*` and counts index the arrays of Workload.
struct BlockWork {
  std::uint32_t first_product = 0, products = 0;
  std::uint32_t first_attention = 0, attentions = 0;
  std::uint32_t first_recurrence = 0, recurrences = 0;

  Shares elementwise_forward;   ///< bytes
  Shares elementwise_backward;  ///< bytes
  Shares saved;                 ///< bytes kept from forward to backward, without recomputation
  std::array<PieceWork, piece_count> pieces = {};
  double boundary = 0.0;  ///< bytes of the block's input, all that full recomputation keeps

  double trained_parameters = 0.0;
  HeldState state;
  Shares trained;  ///< trained parameters by share

  double tensor_collectives = 0.0;  ///< forward; as many backward
  double collective_bytes = 0.0;    ///< of one, 16-bit activations
  double exchange_bytes = 0.0;      ///< expert dispatch; combine is as many
  double operations = 0.0;          ///< launches forward, but for
  double expert_products = 0.0;     ///< those of each routed expert's products, all experts together
  bool has_backward = true;
};

/// Layer kinds that a step can tell apart without allocating: more than any known model has.
inline constexpr std::size_t most_layer_kinds = 16;

/// Everything that does not depend on the layout.
struct Workload {
  std::vector<MatrixProduct> products;
  std::vector<AttentionWork> attentions;
  std::vector<RecurrenceWork> recurrences;
  std::vector<WkvPoint> recurrence_points;

  BlockWork embedding;
  BlockWork head;
  std::vector<BlockWork> kinds;
  /// layers_before[kind * (layers + 1) + i]: how many of the first i layers, encoder first, are of `kind`.
  std::vector<std::uint32_t> layers_before;
  int layers = 0;
  bool tied_head = false;  ///< the last pipeline stage then holds a copy of the embedding

  double active_experts = 1.0;  ///< routed ones that a token visits: copies that a dispatch sends

  double sequence_length = 0.0;
  double hidden_bytes = 0.0;    ///< of one token's residual, 16 bit
  double gradient_bytes = 4.0;  ///< of one gradient as it is reduced
  double model_flops = 0.0;     ///< per token, causal, without recomputation: what utilisation counts
  double parameters = 0.0;

  double count_before(std::size_t kind, int layer) const {
    return layers_before[kind * static_cast<std::size_t>(layers + 1) + static_cast<std::size_t>(layer)];
  }
};

ModelKind kind_of(const Workload& workload);

/// Pieces of its layers that free memory where they are recomputed.
Pieces releasing_pieces(const Workload& workload);

/// Gathers `model` (as apply() made it for `recipe`) over `sequence`, counted causally whatever its
/// convention says.
Workload gather(const ModelOps& model, const Sequence& sequence, const Recipe& recipe, bool fused_attention);

}  // namespace trainbudget
