// RWKV models from the few numbers that name a checkpoint: version, layers, width, vocabulary.
#pragma once

#include "core/model.h"

#include <array>
#include <optional>
#include <string_view>

namespace trainbudget {

/// Where the ranks of RWKV-7's low-rank matrices come from.
enum class RankRule : unsigned char {
  published,  ///< the table that the released checkpoints follow
  original,   ///< the formula of RWKV-v5/src/model.py
  current,    ///< the formula of RWKV-v7/train_temp since July 2025, which flash-linear-attention copies
};
inline constexpr std::array<std::string_view, 3> rank_rule_words{"published", "original", "current"};

struct Rwkv7Ranks {
  int decay = 0;
  int learning_rate = 0;
  int value = 0;
  int gate = 0;
};

/// The ranks by `rule`; nothing where no checkpoint of that shape was published. Both formulas round to
/// multiples of 32, half to even, and are at least 32.
std::optional<Rwkv7Ranks> rwkv7_ranks(RankRule rule, int hidden_size, int layers, int head_size = 64);

struct RwkvShape {
  int version = 7;  ///< 4, 5 (meaning 5.2), 6 or 7
  int layers = 0;
  int hidden_size = 0;
  int vocabulary = 65536;
  int head_size = 64;
  int intermediate_size = 0;  ///< 0 for the version's own: 4·D; floor(3.5·D ÷ 32)·32 for 5 and 6
  int mix_rank = 32;          ///< version 6
  int decay_rank = 64;        ///< version 6
  Rwkv7Ranks ranks;           ///< version 7
  /// Version 7, layer 0: the published checkpoints leave its value residual out, the trainer holds it unused.
  ValueResidual first_layer = ValueResidual::absent;
};

Model rwkv_model(const RwkvShape& shape);

}  // namespace trainbudget
