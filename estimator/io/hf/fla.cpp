// Models of flash-linear-attention. Defaults are those of its configuration classes and layers (fla/models,
// fla/layers, August 2026).
#include "core/arch/rwkv_model.h"
#include "io/hf/fields.h"

#include <algorithm>
#include <cmath>

namespace trainbudget::io::hf {
namespace {

int rounded_up(int size, int multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

/// The hidden size times `hidden_ratio` times `times` ÷ `of`, rounded up.
int size_by_ratio(Fields& fields, int hidden_size, double times, double of, int multiple) {
  const double ratio = fields.number("hidden_ratio", 4.0);
  return rounded_up(fields.size_by("hidden_ratio", hidden_size * ratio * times / of), multiple);
}

/// A rank: the class has a default for what is left out, the layer derives what is null.
int low_rank(Fields& fields, std::string_view key, int absent, int derived) {
  if (!fields.mentions(key)) return fields.integer(key, absent);
  return fields.integer(key, derived);
}

void rwkv7(Fields& fields, Model& model) {
  RwkvShape shape{.version = 7,
                  .layers = fields.layers("num_hidden_layers"),
                  .hidden_size = fields.integer("hidden_size"),
                  .vocabulary = fields.integer("vocab_size"),
                  .head_size = fields.integer("head_dim", 64)};
  if (shape.head_size < 1) fields.refuse("head_dim", "must be positive");
  constexpr int multiple = 32;
  shape.intermediate_size = fields.has("intermediate_size")
                                ? fields.integer("intermediate_size")
                                : size_by_ratio(fields, shape.hidden_size, 1.0, 1.0, multiple);
  if (fields.has("value_dim")) {
    const auto sizes = fields.integers("value_dim");
    if (std::any_of(sizes.begin(), sizes.end(), [&](int size) { return size != shape.hidden_size; }))
      fields.refuse("value_dim", "only hidden_size is supported");
  }
  if (!fields.boolean("norm_first", true)) fields.refuse("norm_first", "only true is supported");
  if (!fields.boolean("norm_bias", true)) fields.refuse("norm_bias", "only true is supported");
  const Rwkv7Ranks derived =
      rwkv7_ranks(RankRule::current, shape.hidden_size, shape.layers, shape.head_size).value();
  shape.ranks = {.decay = low_rank(fields, "decay_low_rank_dim", 64, derived.decay),
                 .learning_rate = low_rank(fields, "a_low_rank_dim", 64, derived.learning_rate),
                 .value = low_rank(fields, "v_low_rank_dim", 16, derived.value),
                 .gate = low_rank(fields, "gate_low_rank_dim", 128, derived.gate)};
  model = rwkv_model(shape);
  model.tied_head = fields.boolean("tie_word_embeddings", false);
  if (fields.has("attn"))
    fields.refuse("attn", "hybrids of RWKV and attention are not read from a config.json");
}

/// The gated MLP: two thirds of `hidden_ratio`, rounded up, where no size is given.
Mlp fla_mlp(Fields& fields, int hidden_size) {
  if (fields.has("intermediate_size")) return gated_mlp(fields);
  constexpr int multiple = 256;
  return {.intermediate_size = size_by_ratio(fields, hidden_size, 2.0, 3.0, multiple), .gated = true};
}

void refuse_residual_attention(Fields& fields) {
  if (fields.has("attnres_block_size"))
    fields.refuse("attnres_block_size", "attention over residuals is not supported");
}

void gated_deltanet(Fields& fields, Model& model) {
  read_outline(fields, model, false, 32000);
  refuse_residual_attention(fields);
  if (fields.has("attn"))
    fields.refuse("attn", "hybrids of gated delta net and attention are not read from a config.json",
                  "describe the model in a YAML file: layers of several kinds have names under 'blocks'");
  if (!fields.boolean("use_gate", true)) fields.refuse("use_gate", "only true is supported");
  if (!fields.boolean("use_short_conv", true)) fields.refuse("use_short_conv", "only true is supported");
  const int heads = fields.integer("num_heads", 6);
  const int key_size = fields.integer("head_dim", 256);
  const double value_size = key_size * fields.number("expand_v", 2.0);
  if (value_size != std::floor(value_size)) fields.refuse("expand_v", "does not give a whole size of heads");
  repeat(model,
         {.mixer = GatedDeltaNet{.key_heads = heads,
                                 .value_heads = fields.integer("num_v_heads", heads),
                                 .key_head_size = key_size,
                                 .value_head_size = fields.size_by("expand_v", value_size),
                                 .conv_size = fields.integer("conv_size", 4)},
          .feed_forward = fla_mlp(fields, model.hidden_size)},
         fields.layers("num_hidden_layers"));
}

void transformer(Fields& fields, Model& model) {
  read_outline(fields, model, false, 32000);
  refuse_residual_attention(fields);
  if (!fields.boolean("elementwise_affine", true))
    fields.refuse("elementwise_affine", "only true is supported");
  const int heads = fields.integer("num_heads", 32);
  if (heads < 1 || model.hidden_size % heads != 0) fields.refuse("num_heads", "does not divide hidden_size");
  repeat(model,
         {.mixer = Attention{.heads = heads,
                             .kv_heads = fields.integer("num_kv_heads", heads),
                             .head_size = model.hidden_size / heads,
                             .window = fields.has("window_size") ? fields.integer("window_size") : 0,
                             .query_key_value_bias = fields.boolean("qkv_bias", false),
                             .query_key_norm = fields.boolean("qk_norm", false) ? QueryKeyNorm::per_head
                                                                                : QueryKeyNorm::none,
                             .rotary = true},
          .feed_forward = fla_mlp(fields, model.hidden_size)},
         fields.layers("num_hidden_layers"));
}

}  // namespace

std::vector<ModelType> fla_types() {
  return {{"rwkv7", rwkv7}, {"gated_deltanet", gated_deltanet}, {"transformer", transformer}};
}

}  // namespace trainbudget::io::hf
