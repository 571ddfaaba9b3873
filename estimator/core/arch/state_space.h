// Recurrent mixers other than RWKV: Mamba-1, Mamba-2, gated delta net, lightning attention, gated short
// convolution.
#pragma once

#include "core/arch/field.h"

#include <array>

namespace trainbudget {

/// Selective state space: Gu and Dao, arXiv 2312.00752. `inner_norms` are the three RMS norms that Jamba adds
/// (arXiv 2403.19887).
struct Mamba1 {
  int inner_size = 0;
  int state_size = 0;
  int conv_size = 0;
  int step_rank = 0;
  bool conv_bias = true;
  bool projection_bias = false;
  bool inner_norms = false;

  static constexpr std::string_view word = "mamba1";
  static constexpr auto fields() {
    return std::array{
        field::required<&Mamba1::inner_size>("inner_size", 1, 1 << 20, "channels of the state space"),
        field::required<&Mamba1::state_size>("state_size", 1, 4096, "state per channel"),
        field::required<&Mamba1::conv_size>("conv_size", 1, 64, "width of the causal convolution"),
        field::required<&Mamba1::step_rank>("step_rank", 1, 65536, "rank of the step size projection"),
        field::flag<&Mamba1::conv_bias>("conv_bias", "bias of the convolution; true unless stated"),
        field::flag<&Mamba1::projection_bias>("projection_bias",
                                              "biases of the input and output projections"),
        field::flag<&Mamba1::inner_norms>("inner_norms", "RMS norms on step, B and C (Jamba)"),
    };
  }
};

/// State space duality: Dao and Gu, arXiv 2405.21060. Without the gated norm the output is multiplied by the
/// gate alone.
struct Mamba2 {
  int heads = 0;
  int head_size = 0;
  int state_size = 0;
  int groups = 0;
  int conv_size = 0;
  bool conv_bias = true;
  bool projection_bias = false;
  bool gated_norm = true;

  static constexpr std::string_view word = "mamba2";
  static constexpr auto fields() {
    return std::array{
        field::required<&Mamba2::heads>("heads", 1, 65536, "heads"),
        field::required<&Mamba2::head_size>("head_size", 1, 4096, "channels of one head"),
        field::required<&Mamba2::state_size>("state_size", 1, 4096, "state per channel"),
        field::required<&Mamba2::groups>("groups", 1, 65536, "groups of heads that share B and C"),
        field::required<&Mamba2::conv_size>("conv_size", 1, 64, "width of the causal convolution"),
        field::flag<&Mamba2::conv_bias>("conv_bias", "bias of the convolution; true unless stated"),
        field::flag<&Mamba2::projection_bias>("projection_bias",
                                              "biases of the input and output projections"),
        field::flag<&Mamba2::gated_norm>("gated_norm", "RMS norm of the gated output; true unless stated"),
    };
  }
};

/// Gated delta rule: Yang et al., arXiv 2412.06464, with the projections of Qwen3-Next. With a decay for each
/// channel of a key, computed in two steps through a low rank, it is Kimi delta attention: arXiv 2510.26692,
/// §3.
struct GatedDeltaNet {
  int key_heads = 0;
  int value_heads = 0;
  int key_head_size = 0;
  int value_head_size = 0;
  int conv_size = 0;
  int decay_rank = 0;
  int gate_rank = 0;

  static constexpr std::string_view word = "gated_delta_net";
  static constexpr auto fields() {
    return std::array{
        field::required<&GatedDeltaNet::key_heads>("key_heads", 1, 4096, "query and key heads"),
        field::required<&GatedDeltaNet::value_heads>("value_heads", 1, 4096,
                                                     "value heads, a multiple of key_heads"),
        field::required<&GatedDeltaNet::key_head_size>("key_head_size", 1, 4096, "width of a key head"),
        field::required<&GatedDeltaNet::value_head_size>("value_head_size", 1, 4096, "width of a value head"),
        field::required<&GatedDeltaNet::conv_size>("conv_size", 1, 64, "width of the causal convolution"),
        field::optional<&GatedDeltaNet::decay_rank>(
            "decay_rank", 0, 1 << 20, "rank of a decay per key channel (Kimi); 0 for one decay per head"),
        field::optional<&GatedDeltaNet::gate_rank>("gate_rank", 0, 1 << 20,
                                                   "rank of the output gate; 0 for a full matrix"),
    };
  }
};

/// Linear attention with a decay per head that is not trained: Lightning Attention-2, Qin et al., arXiv
/// 2401.04658, with the gate and the norm of MiniMax-01, arXiv 2501.08313, §2.2.
struct LightningAttention {
  int heads = 0;
  int head_size = 0;
  bool silu = false;
  bool query_key_norm = false;
  bool rotary = false;

  static constexpr std::string_view word = "lightning_attention";
  static constexpr auto fields() {
    return std::array{
        field::required<&LightningAttention::heads>("heads", 1, 4096, "heads of queries, keys and values"),
        field::required<&LightningAttention::head_size>("head_size", 1, 4096, "width of one head"),
        field::flag<&LightningAttention::silu>("silu", "SiLU on queries, keys and values (MiniMax)"),
        field::flag<&LightningAttention::query_key_norm>("query_key_norm",
                                                         "norms of queries and keys per head (Ring)"),
        field::flag<&LightningAttention::rotary>("rotary", "rotary position embedding (Ring)"),
    };
  }
};

/// A short causal convolution between two products with gates, all three of the layer's width: LFM2, Liquid
/// AI, arXiv 2511.23404.
struct ShortConvolution {
  int conv_size = 0;
  bool bias = false;

  static constexpr std::string_view word = "short_convolution";
  static constexpr auto fields() {
    return std::array{
        field::required<&ShortConvolution::conv_size>("conv_size", 1, 64, "width of the causal convolution"),
        field::flag<&ShortConvolution::bias>("bias", "biases of the convolution and of both projections"),
    };
  }
};

}  // namespace trainbudget
