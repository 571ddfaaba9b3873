// Qwen's hybrids of gated delta net and gated attention: Qwen3-Next and the language models of Qwen3.5.
// Defaults are those of the configuration classes of Hugging Face transformers.
#include "io/hf/fields.h"

namespace trainbudget::io::hf {
namespace {

/// Where the delta net is: by `layer_types`, else everywhere but each `full_attention_interval`th layer.
std::vector<bool> delta_layers(Fields& fields, int layers) {
  if (fields.has("layer_types")) {
    fields.mentions("full_attention_interval");
    return layers_of_kind(fields, "layer_types", layers, {{"linear_attention", 1}, {"full_attention", 0}});
  }
  const int period = fields.integer("full_attention_interval", 4);
  if (period < 1) fields.refuse("full_attention_interval", "must be positive");
  std::vector<bool> is_delta(static_cast<std::size_t>(layers), true);
  for (int i = period - 1; i < layers; i += period)
    is_delta[static_cast<std::size_t>(i)] = false;
  return is_delta;
}

void hybrid(Fields& fields, Model& model, const AttentionDefaults& defaults,
            const FeedForward& feed_forward) {
  Attention attention = grouped_attention(fields, model.hidden_size, defaults);
  attention.query_key_norm = QueryKeyNorm::per_head;
  attention.output_gate = true;
  if (fields.boolean("attention_bias", false)) fields.refuse("attention_bias", "is not supported here");
  const GatedDeltaNet delta{.key_heads = fields.integer("linear_num_key_heads"),
                            .value_heads = fields.integer("linear_num_value_heads"),
                            .key_head_size = fields.integer("linear_key_head_dim"),
                            .value_head_size = fields.integer("linear_value_head_dim"),
                            .conv_size = fields.integer("linear_conv_kernel_dim", 4)};
  alternate(model, {.mixer = delta, .feed_forward = feed_forward},
            {.mixer = attention, .feed_forward = feed_forward},
            delta_layers(fields, fields.layers("num_hidden_layers")));
  model.prediction_block = 1;
}

MixtureOfExperts gated_experts(Fields& fields) {
  return {.experts = fields.integer("num_experts"),
          .active_experts = fields.integer("num_experts_per_tok"),
          .intermediate_size = fields.integer("moe_intermediate_size"),
          .gated = true,
          .shared_intermediate_size = fields.integer("shared_expert_intermediate_size"),
          .shared_gate = true};
}

void qwen3_next(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.integer("decoder_sparse_step", 1) != 1)
    fields.refuse("decoder_sparse_step", "only 1 is supported");
  if (fields.has("mlp_only_layers") && !fields.integers("mlp_only_layers").empty())
    fields.refuse("mlp_only_layers", "only an empty list is supported");
  hybrid(fields, model, {.kv_heads = 2, .head_size = 256}, gated_experts(fields));
  model.predicted_tokens = fields.integer("num_nextn_predict_layers", 0);
}

void qwen3_5(Fields& fields, Model& model, int kv_heads, const FeedForward& feed_forward) {
  read_outline(fields, model, false);
  if (!fields.boolean("attn_output_gate", true))
    fields.refuse("attn_output_gate", "only true is supported: the class has the gate in any case");
  hybrid(fields, model, {.kv_heads = kv_heads, .head_size = 256}, feed_forward);
  // The module that predicts a further token is trained and published with the model, and shares its
  // embedding.
  if (fields.boolean("mtp_use_dedicated_embeddings", false))
    fields.refuse("mtp_use_dedicated_embeddings", "only false is supported");
  model.predicted_tokens = fields.integer("mtp_num_hidden_layers", 0);
}

void qwen3_5_dense(Fields& fields, Model& model) {
  qwen3_5(fields, model, 4, gated_mlp(fields));
}

void qwen3_5_moe(Fields& fields, Model& model) {
  qwen3_5(fields, model, 2, gated_experts(fields));
}

}  // namespace

std::vector<ModelType> qwen_hybrid_types() {
  return {{"qwen3_next", qwen3_next}, {"qwen3_5_text", qwen3_5_dense}, {"qwen3_5_moe_text", qwen3_5_moe}};
}

}  // namespace trainbudget::io::hf
