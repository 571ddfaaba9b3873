// How a model is trained: which weights move, and what is held for each of them.
#pragma once

#include "core/hardware.h"
#include "core/model_ops.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace trainbudget {

enum class Optimizer : std::uint8_t {
  adamw,         ///< Loshchilov and Hutter, arXiv 1711.05101: two moments
  adamw_16_bit,  ///< both moments in 16 bit
  adamw_8_bit,   ///< both moments in 8 bit with block scales: Dettmers et al., arXiv 2110.02861
  lion,          ///< Chen et al., arXiv 2302.06675: one moment
  muon,          ///< Jordan 2024; Liu et al., arXiv 2502.16982: one momentum for matrices, AdamW for the rest
  adafactor,     ///< Shazeer and Stern, arXiv 1804.04235: row and column sums instead of a second moment
  sgd,           ///< no state
  sgd_momentum,  ///< one momentum
};
inline constexpr std::array<std::string_view, 8> optimizer_words{
    "adamw", "adamw_16_bit", "adamw_8_bit", "lion", "muon", "adafactor", "sgd", "sgd_momentum"};

/// Low-rank adapters: Hu et al., arXiv 2106.09685. Each matrix [k, n] that is adapted gains [k, rank] and
/// [rank, n].
struct LowRankAdapters {
  int rank = 0;
  bool attention = true;      ///< the projections of every mixer
  bool feed_forward = false;  ///< the matrices of every feed-forward, routed experts included
};

struct Recipe {
  Optimizer optimizer = Optimizer::adamw;
  // Of one weight of a matrix that the precision of the run multiplies; all others are held in 16 bit.
  double weight_bytes = 2.0;                ///< in the forward pass; 0.5 with its 4-bit base for QLoRA
  double trained_weight_bytes = 2.0;        ///< the same where the weight is trained
  double saved_input_bytes = 2.0;           ///< of an input that such a product keeps for its backward pass
  double gradient_bytes = 4.0;              ///< of one gradient as accumulated
  double micro_batch_gradient_bytes = 0.0;  ///< of one as a micro-batch leaves it, where all are kept beside
  bool master_weights = true;               ///< an fp32 copy that the optimizer updates
  std::optional<LowRankAdapters> adapters = {};  ///< everything else is frozen
  int frozen_layers =
      0;  ///< layers of the main stack, from the input, that are not trained; nor is the embedding then
};

/// Whether weights are held that are not trained: FLOPs are then not six per weight and token.
constexpr bool freezes_weights(const Recipe& recipe) {
  return recipe.adapters.has_value() || recipe.frozen_layers > 0;
}

/// Bytes of an input of a matrix product as it is kept for the backward pass: as it was multiplied where that
/// is narrower than 16 bit (for fp4, with an 8-bit scale for each 16).
constexpr double saved_input_bytes(Precision precision) {
  if (precision == Precision::fp8 || precision == Precision::int8) return 1.0;
  return precision == Precision::fp4 ? 0.5 + 1.0 / 16.0 : 2.0;
}

/// Scale bytes of a 4-bit base per weight, double-quantised in blocks of 64 and 256: Dettmers et al., arXiv
/// 2305.14314, §3: 0.127 bits.
inline constexpr double quantized_scale_bytes = 0.127 / 8.0;

/// Optimizer state per trained weight, bytes, without the master copy. `matrix` says whether the weight is
/// part of a GEMM; Muon holds one momentum for those. Adafactor's row and column sums are counted as none.
double optimizer_state_bytes(Optimizer optimizer, bool matrix);

/// What a recipe holds for a model in memory, whole and unsharded.
struct TrainingState {
  double weights = 0.0;
  double gradients = 0.0;
  double master_weights = 0.0;
  double optimizer = 0.0;

  constexpr double total() const { return weights + gradients + master_weights + optimizer; }
};

/// `model` as `recipe` trains it: adapters added, frozen weights marked, and backward FLOPs and bytes
/// reduced. A frozen matrix still passes the gradient of its input on, at the cost of its forward; layers
/// below the first trained one have no backward pass. Layers that differ after freezing become blocks of
/// their own.
ModelOps apply(const Recipe& recipe, const ModelOps& model);

/// Bytes per token that `op` keeps for the backward pass.
double saved_bytes(const Recipe& recipe, const Op& op);

/// The bytes that training one operation holds.
TrainingState training_state(const Recipe& recipe, const Op& op);

/// The bytes that training `model` (as apply() made it) holds.
TrainingState training_state(const Recipe& recipe, const ModelOps& model);

}  // namespace trainbudget
