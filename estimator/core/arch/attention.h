// Softmax attention with its projections: multi-head, grouped-query and multi-query, causal, bidirectional
// and cross, and the latent attention of DeepSeek.
#pragma once

#include "core/arch/field.h"
#include "core/op.h"

#include <array>

namespace trainbudget {

/// Normalisation of queries and keys before the scores.
enum class QueryKeyNorm : unsigned char {
  none,
  per_head,    ///< one weight vector of head_size each, shared by all heads (Qwen3, Gemma 3)
  full_width,  ///< over all heads at once: heads · head_size and kv_heads · head_size weights (OLMo 2)
};
inline constexpr std::array<std::string_view, 3> query_key_norm_words{"none", "per_head", "full_width"};
inline constexpr std::array<std::string_view, 3> attends_words{"causal", "bidirectional", "cross"};

/// Vaswani et al., arXiv 1706.03762; grouped queries: Ainslie et al., arXiv 2305.13245.
struct Attention {
  int heads = 0;
  int kv_heads = 0;
  int head_size = 0;
  int window = 0;
  int chunk = 0;
  Attends attends = Attends::causal;
  bool query_key_value_bias = false;
  bool output_bias = false;
  QueryKeyNorm query_key_norm = QueryKeyNorm::none;
  bool rotary = false;
  bool sinks = false;
  bool output_gate = false;
  int relative_buckets = 0;

  static constexpr std::string_view word = "attention";
  static constexpr auto fields() {
    return std::array{
        field::required<&Attention::heads>("heads", 1, 4096, "query heads"),
        field::required<&Attention::kv_heads>("kv_heads", 1, 4096,
                                              "key and value heads; fewer than heads shares them"),
        field::required<&Attention::head_size>("head_size", 1, 4096, "width of one head"),
        field::optional<&Attention::window>("window", 0, 1 << 30, "sliding window in tokens; 0 for none"),
        field::optional<&Attention::chunk>("chunk", 0, 1 << 30,
                                           "attends within aligned chunks of tokens; 0 for none"),
        field::word<&Attention::attends>("attends", attends_words, "which keys a query sees"),
        field::flag<&Attention::query_key_value_bias>("query_key_value_bias",
                                                      "biases of the three input projections"),
        field::flag<&Attention::output_bias>("output_bias", "bias of the output projection"),
        field::word<&Attention::query_key_norm>("query_key_norm", query_key_norm_words,
                                                "normalisation of queries and keys"),
        field::flag<&Attention::rotary>("rotary", "rotary position embedding, arXiv 2104.09864"),
        field::flag<&Attention::sinks>("sinks", "one learned logit per head beside the scores (GPT-OSS)"),
        field::flag<&Attention::output_gate>("output_gate",
                                             "sigmoid gate on the output, from a doubled query projection"),
        field::optional<&Attention::relative_buckets>(
            "relative_buckets", 0, 65536, "learned relative position biases per head (T5, first layer)"),
    };
  }
};

/// Multi-head latent attention: DeepSeek-V2, arXiv 2405.04434, §2.1. Keys and values are expanded from one
/// latent vector per token, as in training; the rotary part of the key is shared by all heads. With an
/// indexer each query attends to the keys that it scores best: DeepSeek-V3.2, arXiv 2512.02556, §2.1. Heads
/// then share the latent vectors as keys and values, as the published kernels do.
struct LatentAttention {
  int heads = 0;
  int query_rank = 0;
  int kv_rank = 0;
  int head_size = 0;
  int rotary_size = 0;
  int value_size = 0;
  bool rotary = true;
  int index_heads = 0;
  int index_head_size = 0;
  int index_top_k = 0;

  static constexpr std::string_view word = "latent_attention";
  static constexpr auto fields() {
    return std::array{
        field::required<&LatentAttention::heads>("heads", 1, 4096, "query heads"),
        field::optional<&LatentAttention::query_rank>("query_rank", 0, 1 << 20,
                                                      "rank of the query compression; 0 for a full matrix"),
        field::required<&LatentAttention::kv_rank>("kv_rank", 1, 1 << 20,
                                                   "rank of the key and value compression"),
        field::required<&LatentAttention::head_size>("head_size", 1, 4096,
                                                     "width of a head without its rotary part"),
        field::required<&LatentAttention::rotary_size>("rotary_size", 1, 4096,
                                                       "width of the rotary part of a head"),
        field::required<&LatentAttention::value_size>("value_size", 1, 4096, "width of a value head"),
        field::flag<&LatentAttention::rotary>("rotary",
                                              "rotates the rotary part; true unless stated (Kimi Linear)"),
        field::optional<&LatentAttention::index_heads>("index_heads", 0, 4096,
                                                       "heads of the indexer; 0 for attention to all keys"),
        field::optional<&LatentAttention::index_head_size>("index_head_size", 0, 4096,
                                                           "width of one head of the indexer"),
        field::optional<&LatentAttention::index_top_k>("index_top_k", 0, 1 << 30,
                                                       "keys that the indexer selects for a query"),
    };
  }
};

}  // namespace trainbudget
