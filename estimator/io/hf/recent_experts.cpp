// Mixtures of experts since 2024. Defaults are those of the configuration classes of Hugging Face
// transformers, and for Ling of the code that its checkpoints bring.
#include "io/hf/fields.h"

#include <algorithm>

namespace trainbudget::io::hf {
namespace {

std::vector<bool> first_ones(int layers, int count) {
  std::vector<bool> first(static_cast<std::size_t>(layers), false);
  std::fill_n(first.begin(), std::min(count, layers), true);
  return first;
}

/// Layers of an MLP where `is_dense` says so, of experts elsewhere.
void dense_and_sparse(Model& model, const Layer& frame, const Mlp& mlp, const MixtureOfExperts& moe,
                      const std::vector<bool>& is_dense) {
  Layer dense = frame;
  Layer sparse = frame;
  dense.feed_forward = mlp;
  sparse.feed_forward = moe;
  alternate(model, dense, sparse, is_dense);
  model.prediction_block = 1;
}

/// The width of all shared experts together, each of `width`.
int shared_width(Fields& fields, std::string_view key, int fallback, int width) {
  if (fields.has(key) && fields.integer(key) == 0) return 0;
  return fields.multiple(key, fallback, width);
}

/// The layers of `model`, each full or sliding: full ones without the rotary embedding.
void slide(Model& model, const std::vector<bool>& sliding, int window) {
  const std::size_t kinds = model.blocks.size();
  for (std::size_t i = 0; i < kinds; ++i) {
    Layer local = model.blocks[i];
    std::get<Attention>(local.mixer).window = window;
    std::get<Attention>(model.blocks[i].mixer).rotary = false;
    model.blocks.push_back(local);
  }
  for (std::size_t i = 0; i < sliding.size(); ++i)
    if (sliding[i]) model.layers[i] += static_cast<int>(kinds);
}

/// A number that a configuration may give for each layer, if all are alike.
int alike(Fields& fields, std::string_view key) {
  const std::vector<int> values = fields.integers(key);
  if (values.empty() || std::any_of(values.begin(), values.end(), [&](int v) { return v != values.front(); }))
    fields.refuse(key, "only the same number for every layer is supported");
  return values.front();
}

void minimax_m2(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.has("attn_type_list") && alike(fields, "attn_type_list") != 1)
    fields.refuse("attn_type_list", "lightning attention is not supported");
  if (!fields.boolean("use_qk_norm", true)) fields.refuse("use_qk_norm", "only true is supported");
  if (fields.text("qk_norm_type", "per_layer") != "per_layer")
    fields.refuse("qk_norm_type", "only per_layer is supported");
  if (fields.integer("shared_intermediate_size", 0) != 0)
    fields.refuse("shared_intermediate_size", "only 0 is supported");
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8, .head_size = 128});
  attention.query_key_norm = QueryKeyNorm::full_width;
  repeat(model,
         {.mixer = attention,
          .feed_forward = MixtureOfExperts{.experts = fields.integer("num_local_experts", 256),
                                           .active_experts = fields.integer("num_experts_per_tok", 8),
                                           .intermediate_size = fields.integer("intermediate_size"),
                                           .gated = true}},
         fields.layers("num_hidden_layers"));
}

void dots1(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 32});
  attention.query_key_norm = QueryKeyNorm::per_head;
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  deepseek_layers(fields, model, {.mixer = attention}, 0);
  const int layers = static_cast<int>(model.layers.size());
  if (fields.has("layer_types")) {
    const std::vector<bool> sliding = sliding_layers(fields, layers, 1);
    if (std::find(sliding.begin(), sliding.end(), true) != sliding.end())
      fields.refuse("layer_types", "sliding windows are not supported for this model type");
  } else if (sliding_window(fields, 4096) > 0 && fields.integer("max_window_layers", 62) < layers) {
    fields.refuse("max_window_layers", "sliding windows are not supported for this model type");
  }
  fields.mentions("sliding_window");
  fields.mentions("max_window_layers");
}

void ernie4_5_moe(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 4});
  if (fields.boolean("use_bias", false)) fields.refuse("use_bias", "is not supported here");
  const int width = fields.integer("moe_intermediate_size");
  const int layers = fields.layers("num_hidden_layers");
  const int begin = fields.integer("moe_layer_start_index", 1);
  // -1, the default, means the last layer.
  const bool to_the_end = !fields.has("moe_layer_end_index") || fields.text("moe_layer_end_index") == "-1";
  const int end = to_the_end ? layers - 1 : fields.integer("moe_layer_end_index");
  const int interval = fields.integer("moe_layer_interval", 1);
  if (interval < 1) fields.refuse("moe_layer_interval", "must be positive");
  std::vector<bool> is_dense(static_cast<std::size_t>(layers));
  for (int i = 0; i < layers; ++i)
    is_dense[static_cast<std::size_t>(i)] = (i + 1) % interval != 0 || i < begin || i > end;
  dense_and_sparse(model, {.mixer = attention}, gated_mlp(fields),
                   {.experts = fields.integer("moe_num_experts"),
                    .active_experts = fields.integer("moe_k"),
                    .intermediate_size = width,
                    .gated = true,
                    .shared_intermediate_size = shared_width(fields, "moe_num_shared_experts", 2, width)},
                   is_dense);
  model.predicted_tokens = fields.integer("num_nextn_predict_layers", 0);
}

Attention hunyuan_attention(Fields& fields, const Model& model) {
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  attention.query_key_norm = QueryKeyNorm::per_head;
  if (!fields.boolean("use_qk_norm", true)) fields.refuse("use_qk_norm", "only true is supported");
  if (fields.boolean("use_cla", false)) fields.refuse("use_cla", "shared keys and values are not supported");
  return attention;
}

/// Hunyuan without experts stands beside the one with them.
void hunyuan_v1_dense(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  repeat(model, {.mixer = hunyuan_attention(fields, model), .feed_forward = gated_mlp(fields)},
         fields.layers("num_hidden_layers"));
}

/// Every layer has one shared expert of the width of the others.
void hunyuan_v1_moe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = hunyuan_attention(fields, model);
  if (fields.integer("moe_layer_num_skipped", 0) != 0)
    fields.refuse("moe_layer_num_skipped", "only 0 is supported");
  if (fields.has("num_shared_expert") && alike(fields, "num_shared_expert") != 1)
    fields.refuse("num_shared_expert", "only 1 is supported");
  attention.window = sliding_window(fields, 0);
  const int width = fields.integer("intermediate_size");
  if (fields.has("moe_intermediate_size") && alike(fields, "moe_intermediate_size") != width)
    fields.refuse("moe_intermediate_size", "only intermediate_size is supported");
  repeat(model,
         {.mixer = attention,
          .feed_forward = MixtureOfExperts{.experts = alike(fields, "num_experts"),
                                           .active_experts = alike(fields, "moe_topk"),
                                           .intermediate_size = width,
                                           .gated = true,
                                           .shared_intermediate_size = width}},
         fields.layers("num_hidden_layers"));
}

void phimoe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  model.norm = NormKind::layer_norm;
  model.head_bias = fields.boolean("lm_head_bias", false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  attention.window = sliding_window(fields, 0);
  repeat(model,
         {.mixer = attention,
          .feed_forward = MixtureOfExperts{.experts = fields.integer("num_local_experts", 16),
                                           .active_experts = fields.integer("num_experts_per_tok", 2),
                                           .intermediate_size = fields.integer("intermediate_size"),
                                           .gated = true}},
         fields.layers("num_hidden_layers"));
}

void granite_moe(Fields& fields, Model& model, int shared) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  repeat(model,
         {.mixer = attention,
          .feed_forward = MixtureOfExperts{.experts = fields.integer("num_local_experts", 8),
                                           .active_experts = fields.integer("num_experts_per_tok", 2),
                                           .intermediate_size = fields.integer("intermediate_size"),
                                           .gated = true,
                                           .shared_intermediate_size = shared}},
         fields.layers("num_hidden_layers"));
}

void granitemoe(Fields& fields, Model& model) {
  granite_moe(fields, model, 0);
}

void granitemoeshared(Fields& fields, Model& model) {
  granite_moe(fields, model, fields.integer("shared_intermediate_size", 0));
}

void glm4_moe_lite(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  deepseek_layers(fields, model, {.mixer = latent_attention(fields)}, 1);
}

/// Ling; both versions of its code call themselves the same.
void bailing_moe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.boolean("use_bias", false)) fields.refuse("use_bias", "is not supported here");
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = fields.boolean("use_qkv_bias", false);
  const std::vector<std::string> classes =
      fields.has("architectures") ? fields.texts("architectures") : std::vector<std::string>{};
  const bool second = fields.text("model_type") == "bailing_moe_v2" ||
                      std::find(classes.begin(), classes.end(), "BailingMoeV2ForCausalLM") != classes.end();
  if (fields.boolean("use_qk_norm", second)) attention.query_key_norm = QueryKeyNorm::per_head;
  const int width = fields.integer("moe_intermediate_size");
  dense_and_sparse(model, {.mixer = attention}, gated_mlp(fields),
                   {.experts = fields.integer("num_experts"),
                    .active_experts = fields.integer("num_experts_per_tok"),
                    .intermediate_size = width,
                    .gated = true,
                    .shared_intermediate_size = shared_width(fields, "num_shared_experts", 1, width)},
                   first_ones(fields.layers("num_hidden_layers"), fields.integer("first_k_dense_replace")));
  model.predicted_tokens = fields.integer("num_nextn_predict_layers", 0);
}

/// Trinity: gated attention, norms before and after each half of a layer.
void afmoe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.head_size = 128});
  attention.query_key_norm = QueryKeyNorm::per_head;
  attention.output_gate = true;
  const int width = fields.integer("moe_intermediate_size");
  const int layers = fields.layers("num_hidden_layers");
  dense_and_sparse(model, {.mixer = attention, .post_norm = true}, gated_mlp(fields),
                   {.experts = fields.integer("num_experts"),
                    .active_experts = fields.integer("num_experts_per_tok"),
                    .intermediate_size = width,
                    .gated = true,
                    .shared_intermediate_size = shared_width(fields, "num_shared_experts", 2, width)},
                   first_ones(layers, fields.integer("num_dense_layers", 1)));
  const int period = fields.has("layer_types") ? 1 : fields.integer("global_attn_every_n_layers", 4);
  if (period < 1) fields.refuse("global_attn_every_n_layers", "must be positive");
  fields.mentions("global_attn_every_n_layers");
  slide(model, sliding_layers(fields, layers, period), sliding_window(fields, 1024));
}

/// Whether a layer is among those that a list of numbers names, or one in `period` where there is no list.
std::vector<bool> named_layers(Fields& fields, std::string_view list, std::string_view period, int fallback,
                               int layers) {
  std::vector<bool> named(static_cast<std::size_t>(layers), false);
  if (fields.has(list)) {
    fields.mentions(period);
    for (const int index : fields.integers(list)) {
      if (index >= layers) fields.refuse(list, "names a layer that is not there");
      named[static_cast<std::size_t>(index)] = true;
    }
    return named;
  }
  const int step = fields.factor(period, fallback);
  for (int i = step - 1; i < layers; i += step)
    named[static_cast<std::size_t>(i)] = true;
  return named;
}

/// Which layers have the rotary embedding: a list of ones and zeros, or all but each fourth.
std::vector<bool> rotary_layers(Fields& fields, int layers) {
  std::vector<bool> rotary(static_cast<std::size_t>(layers), true);
  if (fields.has("no_rope_layers") && !fields.integers("no_rope_layers").empty()) {
    fields.mentions("no_rope_layer_interval");
    const std::vector<int> flags = fields.integers("no_rope_layers");
    if (flags.size() != rotary.size()) fields.refuse("no_rope_layers", "has not one entry for each layer");
    std::transform(flags.begin(), flags.end(), rotary.begin(), [](int flag) { return flag != 0; });
    return rotary;
  }
  const int period = fields.factor("no_rope_layer_interval", 4);
  for (int i = period - 1; i < layers; i += period)
    rotary[static_cast<std::size_t>(i)] = false;
  return rotary;
}

/// Layers with the rotary embedding attend within chunks; their norms of queries and keys have no weights.
void llama4_text(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8, .head_size = 128});
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  fields.mentions("use_qk_norm");
  const int chunk = fields.has("attention_chunk_size") || !fields.mentions("attention_chunk_size")
                        ? fields.integer("attention_chunk_size", 8192)
                        : 0;
  const int width = fields.integer("intermediate_size");
  const Mlp mlp{.intermediate_size = fields.integer("intermediate_size_mlp", 16384), .gated = true};
  const MixtureOfExperts moe{.experts = fields.integer("num_local_experts", 16),
                             .active_experts = fields.integer("num_experts_per_tok", 1),
                             .intermediate_size = width,
                             .gated = true,
                             .shared_intermediate_size = width};
  const int layers = fields.layers("num_hidden_layers");
  const std::vector<bool> sparse = named_layers(fields, "moe_layers", "interleave_moe_layer_step", 1, layers);
  const std::vector<bool> rotary = rotary_layers(fields, layers);
  std::vector<int> chunked(rotary.begin(), rotary.end());
  if (fields.has("layer_types"))
    chunked = layer_kinds(fields, "layer_types", layers, {{"full_attention", 0}, {"chunked_attention", 1}});
  // All eight kinds of layer, of which a model has two or four.
  for (int kind = 0; kind < 8; ++kind) {
    attention.rotary = (kind & 1) != 0;
    attention.chunk = (kind & 2) != 0 ? chunk : 0;
    Layer layer{.mixer = attention};
    if ((kind & 4) != 0) {
      layer.feed_forward = moe;
    } else {
      layer.feed_forward = mlp;
    }
    model.blocks.push_back(layer);
  }
  for (std::size_t i = 0; i < rotary.size(); ++i)
    model.layers.push_back((rotary[i] ? 1 : 0) + (chunked[i] != 0 ? 2 : 0) + (sparse[i] ? 4 : 0));
}

}  // namespace

std::vector<ModelType> recent_expert_types() {
  return {{"minimax_m2", minimax_m2},         {"dots1", dots1},
          {"ernie4_5_moe", ernie4_5_moe},     {"hunyuan_v1_dense", hunyuan_v1_dense},
          {"hunyuan_v1_moe", hunyuan_v1_moe}, {"phimoe", phimoe},
          {"granitemoe", granitemoe},         {"granitemoeshared", granitemoeshared},
          {"glm4_moe_lite", glm4_moe_lite},   {"bailing_moe", bailing_moe},
          {"bailing_moe_v2", bailing_moe},    {"afmoe", afmoe},
          {"llama4_text", llama4_text}};
}

}  // namespace trainbudget::io::hf
