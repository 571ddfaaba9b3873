#include "core/model_ops.h"

#include "core/arch/block_builder.h"

#include <algorithm>

namespace trainbudget {
namespace {

void append_mixer(const Mixer& mixer, BlockBuilder& builder) {
  std::visit(
      [&](const auto& component) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(component)>, std::monostate>)
          append(component, builder);
      },
      mixer);
}

void append_feed_forward(const FeedForward& feed_forward, BlockBuilder& builder) {
  std::visit(
      [&](const auto& component) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(component)>, std::monostate>)
          append(component, builder);
      },
      feed_forward);
}

/// Attention beside the mixer: both read one norm, and their partial sums are added before one collective.
void append_parallel_attention(const Attention& attention, BlockBuilder& builder) {
  std::vector<Op>& ops = builder.block().ops;
  const std::size_t first = ops.size();
  append(attention, builder);
  ops[first].saved_bytes = 0.0;  // the mixer keeps the same input
  builder.residual("parallel_attention_sum");
  builder.block().tensor_collectives -= 1.0;
}

/// Norm, component, second norm, residual: the frame around each sublayer.
template <class Component>
void append_sublayer(BlockBuilder& builder, const Layer& layer, bool pre_norm, std::string_view norm,
                     std::string_view post_norm, std::string_view residual, Component component) {
  const LayerContext& context = builder.context();
  if (pre_norm) builder.norm(norm, context.hidden_size, context.norm).repeated = Piece::norm;
  const std::size_t first = builder.block().ops.size();
  component();
  if (!pre_norm) {  // what its first operations read is no output of a norm
    for (std::size_t i = first; i < builder.block().ops.size(); ++i) {
      Op& op = builder.block().ops[i];
      if (op.released == Piece::norm) op.released = Piece::none;
    }
  }
  if (layer.post_norm) builder.norm(post_norm, context.hidden_size, context.norm);
  builder.residual(residual);
}

Block expand_layer(const Layer& layer, const LayerContext& context) {
  Block block;
  block.ops.reserve(48);
  BlockBuilder builder(block, context);
  const bool mixes = !std::holds_alternative<std::monostate>(layer.mixer);
  const bool feeds = !std::holds_alternative<std::monostate>(layer.feed_forward);
  if (mixes) {
    append_sublayer(builder, layer, layer.pre_norm, "mixer_norm", "mixer_post_norm", "mixer_residual", [&] {
      append_mixer(layer.mixer, builder);
      if (layer.parallel_attention) append_parallel_attention(*layer.parallel_attention, builder);
    });
  }
  if (layer.cross_attention) {
    append_sublayer(builder, layer, layer.pre_norm, "cross_attention_norm", "cross_attention_post_norm",
                    "cross_attention_residual", [&] { append(*layer.cross_attention, builder); });
  }
  if (feeds) {
    const bool shares_norm = layer.parallel && layer.shared_norm;
    const std::size_t first = block.ops.size();
    append_sublayer(builder, layer, layer.pre_norm && !shares_norm, "feed_forward_norm",
                    "feed_forward_post_norm", "feed_forward_residual",
                    [&] { append_feed_forward(layer.feed_forward, builder); });
    if (shares_norm) block.ops[first].saved_bytes = 0.0;  // the mixer keeps the same input
  }
  // Parallel sublayers add their partial sums before one collective.
  if (layer.parallel && mixes && feeds) block.tensor_collectives -= 1.0;
  return block;
}

/// Reading one row of a table per token; its gradient is scattered back.
void append_lookup(BlockBuilder& builder, std::string_view name, double rows, double width, Split split) {
  Op& op = builder.elementwise(
      name, Part::embedding, split,
      {.forward = 2.0 * activation_bytes * width, .backward = 3.0 * activation_bytes * width}, rows * width);
  op.kind = OpKind::lookup;
  op.n = width;
  op.count = rows;
  op.saved_split = Split::sequence;
}

Block expand_embedding(const Model& model, const LayerContext& context) {
  Block block;
  BlockBuilder builder(block, context);
  const double width = model.embedding_size > 0 ? model.embedding_size : model.hidden_size;
  append_lookup(builder, "embedding", model.vocabulary, width, Split::vocabulary);
  if (model.embedding_size > 0) {
    builder.gemm("embedding.projection", Part::embedding, model.hidden_size, width, Split::sequence);
  }
  if (model.learned_positions > 0) {
    append_lookup(builder, "position_embedding", model.learned_positions, model.hidden_size, Split::none);
  }
  if (model.embedding_norm) builder.norm("embedding_norm", model.hidden_size, model.norm);
  if (model.dropout) {
    const double hidden = model.hidden_size;
    builder.elementwise("embedding_dropout", Part::embedding, Split::sequence,
                        {.forward = 5.0 * hidden, .backward = 5.0 * hidden, .saved = hidden});
  }
  block.tensor_collectives = 1.0;  // the vocabulary is split: each rank holds some rows
  return block;
}

/// The projection to the vocabulary and the cross-entropy over it. A tied head has no weights of its own.
void append_head(BlockBuilder& builder, const Model& model) {
  const double width = model.embedding_size > 0 ? model.embedding_size : model.hidden_size;
  const double vocabulary = model.vocabulary;
  if (model.embedding_size > 0) {
    builder.gemm("head.projection", Part::head, width, model.hidden_size, Split::sequence);
  }
  Op& head = builder.gemm("head", Part::head, vocabulary, width, Split::column);
  head.arithmetic = Arithmetic::wide;
  head.split = Split::vocabulary;
  head.parameters = (model.tied_head ? 0.0 : vocabulary * width) + (model.head_bias ? vocabulary : 0.0);
  head.trained_parameters = head.parameters;
  // Logits read twice forward (maximum and sum), read and overwritten by their gradient backward; kept in
  // fp32 (Korthikanti et al., arXiv 2205.05198, §4.3).
  const double cap = model.logit_soft_cap ? 4.0 : 0.0;
  builder.elementwise(
      "loss", Part::loss, Split::vocabulary,
      {.forward = (4.0 + cap) * vocabulary, .backward = (4.0 + cap) * vocabulary, .saved = 4.0 * vocabulary});
}

/// One module per further token: two norms, a projection of state and embedding, a layer, and the shared head
/// again.
void append_prediction(Block& head, const Model& model, const LayerContext& context) {
  Block module;
  BlockBuilder builder(module, context);
  const double hidden = model.hidden_size;
  append_lookup(builder, "prediction.embedding", 0.0, hidden, Split::vocabulary);
  builder.norm("prediction.norms", 2.0 * hidden, model.norm);
  builder.gemm("prediction.projection", Part::prediction, hidden, 2.0 * hidden, Split::sequence);
  Block layer = expand_layer(model.blocks[static_cast<std::size_t>(model.prediction_block)], context);
  module.ops.insert(module.ops.end(), layer.ops.begin(), layer.ops.end());
  builder.norm("prediction.final_norm", hidden, model.norm);
  const std::size_t head_begin = module.ops.size();
  append_head(builder, model);
  module.ops[head_begin].parameters = module.ops[head_begin].trained_parameters = 0.0;
  for (Op& op : module.ops) {
    op.part = Part::prediction;
    head.ops.push_back(op);
  }
  head.tensor_collectives += layer.tensor_collectives + 1.0;
  head.expert_exchange += layer.expert_exchange;
}

}  // namespace

double ModelOps::repeats(int block) const {
  return static_cast<double>(std::count(layers.begin(), layers.end(), block) +
                             std::count(encoder_layers.begin(), encoder_layers.end(), block));
}

ModelOps expand(const Model& model) {
  LayerContext context{
      .hidden_size = static_cast<double>(model.hidden_size), .norm = model.norm, .dropout = model.dropout};
  ModelOps ops{.hidden_size = context.hidden_size,
               .vocabulary = static_cast<double>(model.vocabulary),
               .tied_head = model.tied_head,
               .embedding = expand_embedding(model, context),
               .encoder_layers = model.encoder_layers,
               .layers = model.layers};
  ops.blocks.reserve(model.blocks.size());
  for (std::size_t i = 0; i < model.blocks.size(); ++i) {
    const bool encoder =
        std::count(model.encoder_layers.begin(), model.encoder_layers.end(), static_cast<int>(i)) > 0;
    context.stream = encoder ? Stream::encoder : Stream::main;
    ops.blocks.push_back(expand_layer(model.blocks[i], context));
  }
  context.stream = Stream::main;
  BlockBuilder builder(ops.head, context);
  if (model.final_norm) builder.norm("final_norm", context.hidden_size, context.norm);
  if (!model.encoder_layers.empty()) {
    // The encoder's output norm and its lookup of the shared embedding.
    context.stream = Stream::encoder;
    BlockBuilder encoder(ops.embedding, context);
    append_lookup(encoder, "encoder.embedding", 0.0, context.hidden_size, Split::vocabulary);
    if (model.final_norm) encoder.norm("encoder.final_norm", context.hidden_size, context.norm);
    context.stream = Stream::main;
  }
  append_head(builder, model);
  for (int i = 0; i < model.predicted_tokens; ++i)
    append_prediction(ops.head, model, context);
  return ops;
}

}  // namespace trainbudget
