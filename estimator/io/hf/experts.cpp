// Mixtures of experts. Defaults are those of the configuration classes of Hugging Face transformers.
#include "io/hf/fields.h"

#include <algorithm>

namespace trainbudget::io::hf {
namespace {

void mixtral(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  attention.window = sliding_window(fields, 0);
  repeat(model,
         {.mixer = attention,
          .feed_forward = MixtureOfExperts{.experts = fields.integer("num_local_experts"),
                                           .active_experts = fields.integer("num_experts_per_tok"),
                                           .intermediate_size = fields.integer("intermediate_size"),
                                           .gated = true}},
         fields.layers("num_hidden_layers"));
}

/// Dense layers where `mlp_only_layers` or `decoder_sparse_step` say so, experts elsewhere.
void sparse_layers(Fields& fields, Model& model, const Attention& attention, const MixtureOfExperts& moe) {
  const int layers = fields.layers("num_hidden_layers");
  const int step = fields.integer("decoder_sparse_step", 1);
  if (step < 1) fields.refuse("decoder_sparse_step", "must be positive: 1 has experts in every layer");
  const std::vector<int> dense =
      fields.has("mlp_only_layers") ? fields.integers("mlp_only_layers") : std::vector<int>{};
  if (std::any_of(dense.begin(), dense.end(), [&](int layer) { return layer >= layers; }))
    fields.refuse("mlp_only_layers", "names a layer that is not there");
  std::vector<bool> is_dense;
  for (int i = 0; i < layers; ++i) {
    const bool listed = std::find(dense.begin(), dense.end(), i) != dense.end();
    is_dense.push_back(listed || (i + 1) % step != 0);
  }
  const Layer sparse{.mixer = attention, .feed_forward = moe};
  if (std::find(is_dense.begin(), is_dense.end(), true) == is_dense.end())
    return repeat(model, sparse, layers);
  alternate(model, {.mixer = attention, .feed_forward = gated_mlp(fields)}, sparse, is_dense);
}

void refuse_windows(Fields& fields) {
  fields.mentions("sliding_window");
  fields.mentions("max_window_layers");
  if (fields.boolean("use_sliding_window", false))
    fields.refuse("use_sliding_window", "sliding windows are not supported for this model type");
}

/// Renamed over time.
int routed_experts(Fields& fields) {
  return fields.integer_of("num_experts", "num_local_experts");
}

void qwen2_moe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  refuse_windows(fields);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 16});
  attention.query_key_value_bias = fields.boolean("qkv_bias", true);
  sparse_layers(fields, model, attention,
                {.experts = routed_experts(fields),
                 .active_experts = fields.integer("num_experts_per_tok"),
                 .intermediate_size = fields.integer("moe_intermediate_size"),
                 .gated = true,
                 .shared_intermediate_size = fields.integer("shared_expert_intermediate_size"),
                 .shared_gate = true});
}

void qwen3_moe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  refuse_windows(fields);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 4});
  attention.query_key_norm = QueryKeyNorm::per_head;
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  sparse_layers(fields, model, attention,
                {.experts = routed_experts(fields),
                 .active_experts = fields.integer("num_experts_per_tok"),
                 .intermediate_size = fields.integer("moe_intermediate_size"),
                 .gated = true});
}

void olmoe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_norm = QueryKeyNorm::full_width;
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  repeat(model,
         {.mixer = attention,
          .feed_forward = MixtureOfExperts{.experts = fields.integer("num_experts"),
                                           .active_experts = fields.integer("num_experts_per_tok"),
                                           .intermediate_size = fields.integer("intermediate_size"),
                                           .gated = true}},
         fields.layers("num_hidden_layers"));
}

void dbrx(Fields& fields, Model& model) {
  model.vocabulary = fields.integer("vocab_size");
  model.hidden_size = fields.integer("d_model");
  model.tied_head = fields.boolean("tie_word_embeddings", false);
  model.norm = NormKind::layer_norm_weight;
  const int heads = fields.integer("n_heads");
  if (heads < 1) fields.refuse("n_heads", "must be positive");
  Fields attention = fields.nested("attn_config");
  Fields experts = fields.nested("ffn_config");
  repeat(model,
         {.mixer = Attention{.heads = heads,
                             .kv_heads = attention.integer("kv_n_heads"),
                             .head_size = model.hidden_size / heads,
                             .rotary = true},
          .feed_forward = MixtureOfExperts{.experts = experts.integer("moe_num_experts"),
                                           .active_experts = experts.integer("moe_top_k"),
                                           .intermediate_size = experts.integer("ffn_hidden_size"),
                                           .gated = true}},
         fields.layers("n_layers"));
  fields.absorb(attention);
  fields.absorb(experts);
}

void gpt_oss(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8, .head_size = 64});
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", true);
  attention.sinks = true;
  const Layer full{.mixer = attention,
                   .feed_forward = MixtureOfExperts{.experts = fields.integer("num_local_experts"),
                                                    .active_experts = fields.integer("num_experts_per_tok"),
                                                    .intermediate_size = fields.integer("intermediate_size"),
                                                    .gated = true,
                                                    .bias = true,
                                                    .router_bias = true}};
  Layer local = full;
  std::get<Attention>(local.mixer).window = sliding_window(fields, 128);
  alternate(model, local, full, sliding_layers(fields, fields.layers("num_hidden_layers"), 2));
}

void deepseek(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  deepseek_layers(fields, model, {.mixer = grouped_attention(fields, model.hidden_size)});
}

void deepseek_latent(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  deepseek_layers(fields, model, {.mixer = latent_attention(fields)});
}

/// DeepSeek-V3.2 and GLM-5: an indexer in every layer, that of the prediction module included.
void deepseek_sparse(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.integer("index_topk_freq", 1) != 1)
    fields.refuse("index_topk_freq", "only 1 is supported: indexers that layers share are not");
  if (fields.has("indexer_types")) {
    const std::vector<std::string> types = fields.texts("indexer_types");
    if (std::any_of(types.begin(), types.end(), [](const std::string& type) { return type != "full"; }))
      fields.refuse("indexer_types", "only 'full' is supported: indexers that layers share are not");
  }
  LatentAttention attention = latent_attention(fields);
  attention.index_heads = fields.integer("index_n_heads");
  attention.index_head_size = fields.integer("index_head_dim");
  attention.index_top_k = fields.integer("index_topk");
  deepseek_layers(fields, model, {.mixer = attention});
}

void glm4_moe(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  attention.query_key_value_bias = fields.boolean("attention_bias", false);
  if (fields.boolean("use_qk_norm", false)) attention.query_key_norm = QueryKeyNorm::per_head;
  deepseek_layers(fields, model, {.mixer = attention});
}

}  // namespace

LatentAttention latent_attention(Fields& fields) {
  if (fields.boolean("attention_bias", false)) fields.refuse("attention_bias", "is not supported here");
  return {.heads = fields.integer("num_attention_heads"),
          .query_rank = fields.has("q_lora_rank") ? fields.integer("q_lora_rank") : 0,
          .kv_rank = fields.integer("kv_lora_rank"),
          .head_size = fields.integer("qk_nope_head_dim"),
          .rotary_size = fields.integer("qk_rope_head_dim"),
          .value_size = fields.integer("v_head_dim")};
}

void deepseek_layers(Fields& fields, Model& model, const Layer& frame, int dense) {
  const int layers = fields.layers("num_hidden_layers");
  std::vector<bool> is_dense(static_cast<std::size_t>(layers), false);
  if (fields.has("mlp_layer_types")) {
    is_dense = layers_of_kind(fields, "mlp_layer_types", layers, {{"dense", 1}, {"sparse", 0}});
    fields.mentions("first_k_dense_replace");
  } else {
    const int first =
        dense < 0 ? fields.integer("first_k_dense_replace") : fields.integer("first_k_dense_replace", dense);
    std::fill_n(is_dense.begin(), std::min(first, layers), true);
  }
  if (fields.integer("moe_layer_freq", 1) != 1) fields.refuse("moe_layer_freq", "only 1 is supported");
  const int width = fields.integer("moe_intermediate_size");
  const bool shares = fields.has("n_shared_experts") && fields.integer("n_shared_experts") > 0;
  Layer sparse = frame;
  sparse.feed_forward = MixtureOfExperts{
      .experts = fields.integer("n_routed_experts"),
      .active_experts = fields.integer("num_experts_per_tok"),
      .intermediate_size = width,
      .gated = true,
      .shared_intermediate_size = shares ? fields.multiple("n_shared_experts", 1, width) : 0};
  Layer first = frame;
  first.feed_forward = gated_mlp(fields);
  alternate(model, first, sparse, is_dense);
  model.predicted_tokens = fields.integer("num_nextn_predict_layers", 0);
  model.prediction_block = 1;
}

std::vector<ModelType> expert_types() {
  return {{"mixtral", mixtral},
          {"qwen2_moe", qwen2_moe},
          {"qwen3_moe", qwen3_moe},
          {"qwen3_vl_moe_text", qwen3_moe},
          {"olmoe", olmoe},
          {"dbrx", dbrx},
          {"gpt_oss", gpt_oss},
          {"deepseek", deepseek},
          {"deepseek_v2", deepseek_latent},
          {"deepseek_v3", deepseek_latent},
          {"kimi_k2", deepseek_latent},
          {"deepseek_v32", deepseek_sparse},
          {"glm_moe_dsa", deepseek_sparse},
          {"glm4_moe", glm4_moe}};
}

}  // namespace trainbudget::io::hf
