#include "core/arch/attention.h"

#include "core/arch/block_builder.h"

namespace trainbudget {
namespace {

/// Scores, softmax, weighted sum. Model FLOPs per token and key: 2·heads·head_size for the scores and
/// 2·heads·value_size for the sum, twice that backward. A fused kernel keeps queries, keys, values and one
/// fp32 log-sum-exp per head; a separate softmax keeps its result (2 bytes), and dropout its mask and result
/// (3 bytes), per head and key: Korthikanti et al., arXiv 2205.05198, §4.1.
void append_core(BlockBuilder& builder, std::string_view name, double heads, double kv_heads,
                 double head_size, double value_size, double sinks) {
  const double query_key_value = heads * head_size + kv_heads * (head_size + value_size);
  const double output = heads * value_size;
  Op& core = builder.elementwise(name, Part::attention, Split::heads,
                                 {.forward = 2.0 * (query_key_value + output),
                                  .backward = 2.0 * (2.0 * query_key_value + 2.0 * output),
                                  .saved = 2.0 * query_key_value + 4.0 * heads},
                                 sinks);
  core.kind = OpKind::attention_core;
  core.arithmetic = Arithmetic::wide;
  core.heads = heads;
  core.kv_heads = kv_heads;
  core.head_size = head_size;
  core.value_size = value_size;
  core.forward_flops_per_key = 2.0 * heads * (head_size + value_size);
  core.backward_flops_per_key = 2.0 * core.forward_flops_per_key;
  core.saved_bytes_per_key = (builder.context().dropout ? 5.0 : 2.0) * heads;
}

/// Scores of every key by small heads with one key for all, whose weighted sum selects. A query keeps the
/// 32-bit numbers of its keys.
void append_indexer(const LatentAttention& attention, BlockBuilder& builder) {
  const double heads = attention.index_heads;
  const double size = attention.index_head_size;
  const double query = heads * size;
  const double rotary = 4.0 * (heads + 1.0) * attention.rotary_size;
  // Both read what projections before them keep. Like the compressions they are not split.
  builder.gemm("attention.index_query", Part::attention, query, attention.query_rank, Split::sequence)
      .saved_bytes = 0.0;
  builder
      .gemm("attention.index_key_weights", Part::attention, size + heads, builder.context().hidden_size,
            Split::sequence)
      .saved_bytes = 0.0;
  builder.norm("attention.index_key_norm", size, NormKind::layer_norm);
  if (attention.rotary) {
    builder.elementwise("attention.index_rotary", Part::attention, Split::sequence,
                        {.forward = rotary, .backward = rotary});
  }
  const double read = 2.0 * (query + size + heads);
  const double selected = 4.0 * attention.index_top_k;
  Op& scores = builder.elementwise(
      "attention.index_scores", Part::attention, Split::sequence,
      {.forward = read + selected, .backward = 2.0 * read + selected, .saved = read + selected});
  scores.kind = OpKind::attention_core;
  scores.arithmetic = Arithmetic::wide;
  scores.heads = heads;
  scores.kv_heads = 1.0;
  scores.head_size = size;
  scores.forward_flops_per_key = 2.0 * heads * size;
  scores.backward_flops_per_key = 2.0 * scores.forward_flops_per_key;
  scores.saved_bytes_per_key = 2.0 * heads;
}

/// Queries select keys one by one, so that a kernel shares a key among heads, not among queries: queries are
/// taken to the latent vectors, and outputs back, by the matrices that would have expanded keys and values.
void append_sparse_core(const LatentAttention& attention, BlockBuilder& builder) {
  const double heads = attention.heads;
  const double kv_rank = attention.kv_rank;
  append_indexer(attention, builder);
  append_core(builder, "attention.core", heads, 1.0, kv_rank + attention.rotary_size, kv_rank, 0.0);
  Op& core = builder.block().ops.back();
  core.window = attention.index_top_k;
  core.saved_bytes += 2.0 * heads * kv_rank - 2.0 * kv_rank;  // its output; values are a part of the keys
}

}  // namespace

void append(const Attention& attention, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double heads = attention.heads;
  const double kv_heads = attention.kv_heads;
  const double query = heads * attention.head_size;
  const double key = kv_heads * attention.head_size;
  const double gate = attention.output_gate ? query : 0.0;
  const bool bias = attention.query_key_value_bias;

  if (attention.attends == Attends::cross) {
    // Keys and values come from the encoder's output, whatever the length of the main stream.
    builder.gemm("cross_attention.query", Part::attention, query, hidden, Split::column, bias).released =
        Piece::norm;
    builder.gemm("cross_attention.key_value", Part::attention, 2.0 * key, hidden, Split::column, bias)
        .stream = Stream::encoder;
  } else {
    builder
        .gemm("attention.query_key_value", Part::attention, query + 2.0 * key + gate, hidden, Split::column,
              bias)
        .released = Piece::norm;
  }
  if (attention.query_key_norm != QueryKeyNorm::none) {
    const bool per_head = attention.query_key_norm == QueryKeyNorm::per_head;
    Op& norm = builder.norm("attention.query_key_norm", query + key, NormKind::rms, Split::heads);
    norm.parameters = norm.trained_parameters = per_head ? 2.0 * attention.head_size : query + key;
  }
  if (attention.rotary) {
    builder.elementwise("attention.rotary", Part::attention, Split::heads,
                        {.forward = 4.0 * (query + key), .backward = 4.0 * (query + key)});
  }
  append_core(builder, attention.attends == Attends::cross ? "cross_attention.core" : "attention.core", heads,
              kv_heads, attention.head_size, attention.head_size,
              (attention.sinks ? heads : 0.0) + attention.relative_buckets * heads);
  Op& core = builder.block().ops.back();
  core.attends = attention.attends;
  core.window = attention.window;
  core.chunk = attention.chunk;
  if (attention.output_gate) {
    builder.elementwise("attention.output_gate", Part::attention, Split::heads,
                        {.forward = 6.0 * query, .backward = 10.0 * query, .saved = 4.0 * query});
  }
  Op& output =
      builder.gemm("attention.output", Part::attention, hidden, query, Split::row, attention.output_bias);
  output.input_kept_before = !attention.output_gate;  // by a fused core, for its gradient
  builder.block().cache_bytes_per_token += 2.0 * activation_bytes * key;
  builder.block().cache_window = attention.window > 0 ? attention.window : attention.chunk;
  builder.block().tensor_collectives += 1.0;
}

void append(const LatentAttention& attention, BlockBuilder& builder) {
  const double hidden = builder.context().hidden_size;
  const double heads = attention.heads;
  const double head_size = attention.head_size + attention.rotary_size;
  const double query = heads * head_size;
  const double kv_rank = attention.kv_rank;
  const double rotary = attention.rotary_size;

  // The compressions are small and replicated; the expansions to heads are split. They are the piece that is
  // computed again from the latents, rotation included.
  const auto expand = [](Op& op) -> Op& {
    op.repeated = Piece::latent_up;
    return op;
  };
  const auto latent_norm = [&](std::string_view name, double rank) {
    expand(builder.norm(name, rank, NormKind::rms));
  };
  const auto latent_up = [&](std::string_view name, double width, double rank) {
    expand(builder.gemm(name, Part::attention, width, rank, Split::column)).released = Piece::latent_up;
  };
  if (attention.query_rank > 0) {
    builder.gemm("attention.query_down", Part::attention, attention.query_rank, hidden, Split::sequence)
        .released = Piece::norm;
    latent_norm("attention.query_norm", attention.query_rank);
    latent_up("attention.query_up", query, attention.query_rank);
  } else {
    expand(builder.gemm("attention.query", Part::attention, query, hidden, Split::column)).released =
        Piece::norm;
  }
  Op& down =
      builder.gemm("attention.key_value_down", Part::attention, kv_rank + rotary, hidden, Split::sequence);
  down.saved_bytes = 0.0;  // the same input as the query's
  latent_norm("attention.key_value_norm", kv_rank);
  const bool sparse = attention.index_heads > 0;
  latent_up("attention.key_value_up", heads * (attention.head_size + attention.value_size), kv_rank);
  if (sparse) {
    Op& up = builder.block().ops.back();
    up.saved_bytes = 2.0 * heads * attention.head_size;  // what of the queries goes through it
    up.saved_split = Split::heads;
    up.released = Piece::none;
  }
  if (attention.rotary) {
    expand(builder.elementwise(
        "attention.rotary", Part::attention, Split::heads,
        {.forward = 4.0 * (heads + 1.0) * rotary, .backward = 4.0 * (heads + 1.0) * rotary}));
  }
  if (sparse) {
    append_sparse_core(attention, builder);
  } else {
    append_core(builder, "attention.core", heads, heads, head_size, attention.value_size, 0.0);
    builder.block().ops.back().released = Piece::latent_up;
  }
  builder.gemm("attention.output", Part::attention, hidden, heads * attention.value_size, Split::row)
      .input_kept_before = !sparse;
  builder.block().cache_bytes_per_token +=
      activation_bytes * (kv_rank + rotary + (sparse ? attention.index_head_size : 0.0));
  builder.block().tensor_collectives += 1.0;
}

}  // namespace trainbudget
