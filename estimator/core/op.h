// Operations are data. A model expands to a list of these; parameters, FLOPs, bytes, memory and time are sums
// over that one list, so that no second formula can disagree. Nothing below this file knows which model an Op
// came from.
#pragma once

#include "core/recompute.h"

#include <cstdint>
#include <string_view>

namespace trainbudget {

/// What an operation belongs to in a report.
enum class Part : std::uint8_t {
  embedding,
  attention,  ///< softmax attention of any kind, with its projections
  time_mix,   ///< a recurrent mixer: RWKV, Mamba, delta net, with its projections
  mlp,        ///< dense feed-forward, RWKV channel mix
  router,
  expert,  ///< routed experts
  shared_expert,
  norm,
  residual,
  head,  ///< the projection to the vocabulary
  loss,
  prediction,  ///< multi-token prediction modules
  adapter,     ///< LoRA matrices
};
inline constexpr int part_count = 13;

/// How an operation spends its time.
enum class OpKind : std::uint8_t {
  gemm,            ///< [tokens, k] × [k, n]
  grouped_gemm,    ///< `count` matrices [k, n]; a token visits the fraction `active` of them
  attention_core,  ///< scores, softmax and the weighted sum of values, in one fused kernel or three
  recurrence,      ///< a scan over time, serial per head: WKV, selective scan, delta rule
  elementwise,     ///< bound by memory traffic
  lookup,          ///< rows of a table
};

/// Which parallel dimension divides the work and the weights of an operation.
enum class Split : std::uint8_t {
  none,        ///< replicated on every tensor-parallel rank
  column,      ///< tensor parallel over outputs (n)
  row,         ///< tensor parallel over inputs (k); its output is a partial sum that a collective completes
  heads,       ///< tensor parallel over heads
  vocabulary,  ///< tensor parallel over the vocabulary
  experts,     ///< expert parallel over `count`, tensor parallel within an expert
  sequence,    ///< tensor parallel over tokens under sequence parallelism, replicated without
};

/// Which arithmetic an operation runs in.
enum class Arithmetic : std::uint8_t {
  matmul,  ///< tensor cores, in the precision of the run (fp8 where the run says fp8)
  wide,    ///< tensor cores, 16 bit even where the run's matrices are narrower: attention core, head
  scalar,  ///< fp32 on the vector units: recurrences, norms, softmax, router
};

/// Which keys a query of an attention core sees.
enum class Attends : std::uint8_t { causal, bidirectional, cross };

/// Which token stream an operation runs over. Only encoder–decoder models have the second.
enum class Stream : std::uint8_t { main, encoder };

/// One operation of one layer. "Per token" is per token of `stream`; multiply by the tokens of a micro-batch.
/// Bytes are those of 16-bit activations unless the operation keeps fp32.
struct Op {
  std::string_view name;  ///< a string literal: "attention.query_key_value"
  Part part = Part::mlp;
  OpKind kind = OpKind::elementwise;
  Split split = Split::none;        ///< of the work, the weights and the output
  Split saved_split = Split::none;  ///< of `saved_bytes`
  Arithmetic arithmetic = Arithmetic::scalar;
  Attends attends = Attends::causal;
  Stream stream = Stream::main;

  // Shape. Zero where it does not apply.
  double n = 0.0;       ///< gemm: outputs of one matrix
  double k = 0.0;       ///< gemm: inputs of one matrix
  double count = 1.0;   ///< gemm: matrices [k, n] in this operation
  double active = 1.0;  ///< fraction of `count` that one token visits: top-k ÷ experts
  double heads = 0.0;  ///< attention core: query heads; recurrence: independent heads, or channels for RWKV-4
  double kv_heads = 0.0;  ///< attention core: key/value heads
  double head_size = 0.0;
  double value_size = 0.0;   ///< size of a value head; state of a recurrence is head_size × value_size
  double scan_blocks = 0.0;  ///< recurrence: thread blocks over one sequence
  double scan_step = 1.0;    ///< recurrence: seconds of a time step relative to those of a 64 × 64 state; 0
                             ///< where time is scanned in parallel
  double window = 0.0;       ///< attention core: sliding window in tokens, 0 for none
  double chunk = 0.0;  ///< attention core: attends within aligned chunks of this many tokens, 0 for none
  std::string_view kernel = {};  ///< recurrence: the kernel that runs it, a string literal: "wkv7"

  // Weights, whole model, unsharded.
  double parameters = 0.0;          ///< matrix, bias, norm weights: all that the optimizer could update
  double trained_parameters = 0.0;  ///< those it does update; fewer under LoRA and freezing

  // Model FLOPs (multiply-add = 2), without recomputation. Element-wise work counts none.
  double forward_flops = 0.0;           ///< per token
  double backward_flops = 0.0;          ///< per token: input gradients, and weight gradients where trained
  double forward_flops_per_key = 0.0;   ///< attention core: per token and attended key
  double backward_flops_per_key = 0.0;  ///< model FLOPs, 2 × forward; see flash_backward_factor

  // Memory traffic of activations per token. A GEMM also moves its n·k·count weights once per micro-batch.
  double forward_bytes = 0.0;
  double backward_bytes = 0.0;

  double exchanged_bytes = 0.0;  ///< recurrence: inputs and outputs, per token; their gradients are as many

  // Kept from forward to backward, without recomputation.
  double saved_bytes = 0.0;        ///< per token
  Piece repeated = Piece::none;    ///< recomputing this piece runs the operation again
  Piece released = Piece::none;    ///< recomputing this piece lets go of `saved_bytes`
  bool input_kept_before = false;  ///< gemm: what it saves, the operation before keeps as well, in 16 bit
  double saved_bytes_per_key =
      0.0;  ///< per token and key, only where the attention core is not a fused kernel

  /// Parameters that one token uses.
  constexpr double active_parameters() const { return parameters * active; }
};

/// Backward ÷ forward FLOPs that a fused (flash) attention kernel executes: five matrix products instead of
/// two, one of them a recomputation. Dao, "FlashAttention-2", arXiv 2307.08691, §2.3 and its benchmark's
/// convention.
inline constexpr double flash_backward_factor = 2.5;

constexpr std::string_view name_of(Part part) {
  switch (part) {
    case Part::embedding:
      return "embedding";
    case Part::attention:
      return "attention";
    case Part::time_mix:
      return "time mix";
    case Part::mlp:
      return "mlp";
    case Part::router:
      return "router";
    case Part::expert:
      return "experts";
    case Part::shared_expert:
      return "shared experts";
    case Part::norm:
      return "norm";
    case Part::residual:
      return "residual";
    case Part::head:
      return "head";
    case Part::loss:
      return "loss";
    case Part::prediction:
      return "multi-token prediction";
    case Part::adapter:
      return "adapter";
  }
  return "unknown";
}

}  // namespace trainbudget
