// Dense transformers. Defaults are those of the configuration classes of Hugging Face transformers.
#include "io/hf/fields.h"

namespace trainbudget::io::hf {
namespace {

void llama_like(Fields& fields, Model& model, bool tied, const AttentionDefaults& defaults) {
  read_outline(fields, model, tied);
  Attention attention = grouped_attention(fields, model.hidden_size, defaults);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields, fields.boolean("mlp_bias", false))},
         fields.layers("num_hidden_layers"));
}

void llama(Fields& fields, Model& model) {
  llama_like(fields, model, false, {});
}

void smollm3(Fields& fields, Model& model) {
  llama_like(fields, model, true, {.kv_heads = 4});
  if (fields.boolean("use_sliding_window", false))
    fields.refuse("use_sliding_window", "sliding windows are not supported for this model type");
  fields.mentions("sliding_window");
}

void windowed(Fields& fields, Model& model, const AttentionDefaults& defaults, int window) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, defaults);
  attention.window = sliding_window(fields, window);
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields)}, fields.layers("num_hidden_layers"));
}

void mistral(Fields& fields, Model& model) {
  windowed(fields, model, {.kv_heads = 8}, 4096);
}

void phi3(Fields& fields, Model& model) {
  windowed(fields, model, {}, 0);
}

void qwen(Fields& fields, Model& model, const AttentionDefaults& defaults, bool bias, QueryKeyNorm norm) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, defaults);
  attention.query_key_value_bias = bias;
  attention.query_key_norm = norm;
  const Layer layer{.mixer = attention, .feed_forward = gated_mlp(fields)};
  const int layers = fields.layers("num_hidden_layers");
  if (!fields.boolean("use_sliding_window", false)) {
    fields.has("sliding_window");  // its value means nothing here
    return repeat(model, layer, layers);
  }
  if (!fields.has("layer_types"))
    fields.refuse("use_sliding_window", "which layers slide needs 'layer_types'");
  read_windows(fields, model, layer, layers, 1, 4096);
}

void qwen2(Fields& fields, Model& model) {
  qwen(fields, model, {.kv_heads = 32}, true, QueryKeyNorm::none);
}

/// The language models of Qwen2-VL and Qwen2.5-VL.
void qwen2_vl(Fields& fields, Model& model) {
  qwen(fields, model, {.kv_heads = 8}, true, QueryKeyNorm::none);
}

void qwen3(Fields& fields, Model& model) {
  qwen(fields, model, {.kv_heads = 32, .head_size = 128}, false, QueryKeyNorm::per_head);
  if (fields.boolean("attention_bias", false)) {
    for (Layer& layer : model.blocks) {
      auto& attention = std::get<Attention>(layer.mixer);
      attention.query_key_value_bias = attention.output_bias = true;
    }
  }
}

void gemma(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  repeat(model,
         {.mixer = grouped_attention(fields, model.hidden_size, {.kv_heads = 16, .head_size = 256}),
          .feed_forward = gated_mlp(fields)},
         fields.layers("num_hidden_layers"));
}

void gemma2(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  model.logit_soft_cap = fields.has("final_logit_softcapping") || !fields.mentions("final_logit_softcapping");
  const Layer layer{.mixer = grouped_attention(fields, model.hidden_size, {.kv_heads = 4, .head_size = 256}),
                    .feed_forward = gated_mlp(fields),
                    .post_norm = true};
  read_windows(fields, model, layer, fields.layers("num_hidden_layers"), 2, 4096);
}

/// Its published configurations leave out what is as in the class.
void gemma3_text(Fields& fields, Model& model) {
  read_outline(fields, model, true, 262208);
  Attention attention =
      grouped_attention(fields, model.hidden_size, {.kv_heads = 4, .head_size = 256, .heads = 8});
  attention.query_key_norm = QueryKeyNorm::per_head;
  const Layer layer{.mixer = attention, .feed_forward = gated_mlp(fields), .post_norm = true};
  const int period = fields.has("layer_types") ? 1 : fields.integer("sliding_window_pattern", 6);
  if (period < 1) fields.refuse("sliding_window_pattern", "must be positive");
  read_windows(fields, model, layer, fields.layers("num_hidden_layers"), period, 4096);
}

void olmo(Fields& fields, Model& model) {
  llama(fields, model);
  model.norm = NormKind::plain;
}

void olmo2(Fields& fields, Model& model) {
  llama(fields, model);
  Layer& layer = model.blocks.front();
  std::get<Attention>(layer.mixer).query_key_norm = QueryKeyNorm::full_width;
  layer.pre_norm = false;
  layer.post_norm = true;
}

void phi(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  model.norm = NormKind::layer_norm;
  model.head_bias = true;
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = true;
  if (fields.boolean("qk_layernorm", false)) fields.refuse("qk_layernorm", "is not supported for phi");
  repeat(model,
         {.mixer = attention,
          .feed_forward = Mlp{.intermediate_size = fields.integer("intermediate_size"), .bias = true},
          .parallel = true,
          .shared_norm = true},
         fields.layers("num_hidden_layers"));
}

void gpt2(Fields& fields, Model& model) {
  model.vocabulary = fields.integer("vocab_size");
  model.hidden_size = fields.integer("n_embd");
  model.learned_positions = fields.integer_of("n_positions", "n_ctx");
  model.tied_head = fields.boolean("tie_word_embeddings", true);
  model.norm = NormKind::layer_norm;
  model.dropout = true;
  const int heads = fields.integer("n_head");
  if (heads < 1) fields.refuse("n_head", "must be positive");
  repeat(model,
         {.mixer = Attention{.heads = heads,
                             .kv_heads = heads,
                             .head_size = model.hidden_size / heads,
                             .query_key_value_bias = true,
                             .output_bias = true},
          .feed_forward =
              Mlp{.intermediate_size = fields.integer("n_inner", 4 * model.hidden_size), .bias = true}},
         fields.layers("n_layer"));
}

/// GPT-2 with one key and value head for all (StarCoder, Granite 20B and 34B Code).
void gpt_bigcode(Fields& fields, Model& model) {
  gpt2(fields, model);
  if (fields.boolean("add_cross_attention", false)) fields.refuse("add_cross_attention", "is not supported");
  auto& attention = std::get<Attention>(model.blocks.front().mixer);
  if (fields.boolean("multi_query", true)) attention.kv_heads = 1;
}

void gptj(Fields& fields, Model& model) {
  gpt2(fields, model);
  model.learned_positions = 0;
  model.tied_head = fields.boolean("tie_word_embeddings", false);
  model.head_bias = true;
  model.dropout = false;
  Layer& layer = model.blocks.front();
  auto& attention = std::get<Attention>(layer.mixer);
  attention.query_key_value_bias = attention.output_bias = false;
  attention.rotary = true;
  layer.parallel = layer.shared_norm = true;
}

void gpt_neox(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  model.norm = NormKind::layer_norm;
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", true);
  repeat(model,
         {.mixer = attention,
          .feed_forward = Mlp{.intermediate_size = fields.integer("intermediate_size"), .bias = true},
          .parallel = fields.boolean("use_parallel_residual", true)},
         fields.layers("num_hidden_layers"));
}

void opt(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  model.norm = NormKind::layer_norm;
  model.dropout = true;
  model.reserved_positions = 2;
  model.learned_positions = fields.integer("max_position_embeddings") + model.reserved_positions;
  const int width = fields.integer("word_embed_proj_dim", model.hidden_size);
  if (width != model.hidden_size) model.embedding_size = width;
  const bool before = fields.boolean("do_layer_norm_before", true);
  model.final_norm = before && !fields.boolean("_remove_final_layer_norm", false);
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.rotary = false;
  attention.query_key_value_bias = attention.output_bias = fields.boolean("enable_bias", true);
  repeat(model,
         {.mixer = attention,
          .feed_forward = Mlp{.intermediate_size = fields.integer("ffn_dim"), .bias = attention.output_bias},
          .pre_norm = before,
          .post_norm = !before},
         fields.layers("num_hidden_layers"));
}

void bloom(Fields& fields, Model& model) {
  model.vocabulary = fields.integer("vocab_size");
  model.hidden_size = fields.integer_of("n_embed", "hidden_size");
  model.tied_head = fields.boolean("tie_word_embeddings", true);
  model.norm = NormKind::layer_norm;
  model.embedding_norm = true;
  const int heads = fields.integer_of("num_attention_heads", "n_head");
  if (heads < 1) fields.refuse("n_head", "must be positive");
  repeat(model,
         {.mixer = Attention{.heads = heads,
                             .kv_heads = heads,
                             .head_size = model.hidden_size / heads,
                             .query_key_value_bias = true,
                             .output_bias = true},
          .feed_forward = Mlp{.intermediate_size = 4 * model.hidden_size, .bias = true}},
         fields.layers(fields.has("n_layer") ? "n_layer" : "num_hidden_layers"));
}

void falcon(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  model.norm = NormKind::layer_norm;
  const int heads = fields.integer("num_attention_heads");
  if (heads < 1) fields.refuse("num_attention_heads", "must be positive");
  const bool grouped = fields.boolean("new_decoder_architecture", false);
  const bool one = !grouped && fields.boolean("multi_query", true);
  const bool parallel = grouped || fields.boolean("parallel_attn", true);
  const int norms = grouped ? fields.integer("num_ln_in_parallel_attn", 2) : 1;
  const bool bias = fields.boolean("bias", false);
  repeat(model,
         {.mixer = Attention{.heads = heads,
                             .kv_heads = grouped ? fields.integer("num_kv_heads")
                                         : one   ? 1
                                                 : heads,
                             .head_size = model.hidden_size / heads,
                             .query_key_value_bias = bias,
                             .output_bias = bias,
                             .rotary = !fields.boolean("alibi", false)},
          .feed_forward = Mlp{.intermediate_size = fields.integer("ffn_hidden_size", 4 * model.hidden_size),
                              .bias = bias},
          .parallel = parallel,
          .shared_norm = parallel && norms == 1},
         fields.layers("num_hidden_layers"));
}

void mpt(Fields& fields, Model& model) {
  model.vocabulary = fields.integer("vocab_size");
  model.hidden_size = fields.integer("d_model");
  model.tied_head = fields.boolean("tie_word_embeddings", true);
  const bool bias = !fields.boolean("no_bias", true);
  model.norm = bias ? NormKind::layer_norm : NormKind::layer_norm_weight;
  const int heads = fields.integer("n_heads");
  if (heads < 1) fields.refuse("n_heads", "must be positive");
  bool alibi = false;
  if (fields.has("attn_config")) {
    Fields attention = fields.nested("attn_config");
    alibi = attention.boolean("alibi", false);
    if (attention.text("attn_type", "multihead_attention") != "multihead_attention") {
      attention.refuse("attn_type", "only multihead_attention is supported for mpt");
    }
    fields.absorb(attention);
  }
  if (!alibi && fields.boolean("learned_pos_emb", true))
    model.learned_positions = fields.integer("max_seq_len");
  repeat(model,
         {.mixer = Attention{.heads = heads,
                             .kv_heads = heads,
                             .head_size = model.hidden_size / heads,
                             .query_key_value_bias = bias,
                             .output_bias = bias},
          .feed_forward = Mlp{.intermediate_size = fields.multiple("expansion_ratio", 4, model.hidden_size),
                              .bias = bias}},
         fields.layers("n_layers"));
}

void stablelm(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  model.norm = NormKind::layer_norm;
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 32});
  attention.query_key_value_bias = fields.boolean("use_qkv_bias", false);
  if (fields.boolean("qk_layernorm", false)) fields.refuse("qk_layernorm", "is not supported for stablelm");
  const bool parallel = fields.boolean("use_parallel_residual", false);
  repeat(
      model,
      {.mixer = attention, .feed_forward = gated_mlp(fields), .parallel = parallel, .shared_norm = parallel},
      fields.layers("num_hidden_layers"));
}

void cohere(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  model.norm = NormKind::layer_norm_weight;
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  // Each head has weights of its own: as many as a norm over the full width.
  if (fields.boolean("use_qk_norm", false)) attention.query_key_norm = QueryKeyNorm::full_width;
  repeat(model,
         {.mixer = attention, .feed_forward = gated_mlp(fields), .parallel = true, .shared_norm = true},
         fields.layers("num_hidden_layers"));
}

void starcoder2(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  model.norm = NormKind::layer_norm;
  const bool bias = fields.boolean("use_bias", true);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 2});
  attention.query_key_value_bias = attention.output_bias = bias;
  attention.window = sliding_window(fields, 0);
  repeat(model,
         {.mixer = attention,
          .feed_forward = Mlp{.intermediate_size = fields.integer("intermediate_size"), .bias = bias}},
         fields.layers("num_hidden_layers"));
}

void nemotron(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  model.norm = NormKind::layer_norm;
  ungated_layers(fields, model);
}

void t5(Fields& fields, Model& model) {
  model.vocabulary = fields.integer("vocab_size");
  model.hidden_size = fields.integer("d_model");
  model.tied_head = fields.boolean("tie_word_embeddings", true);
  model.norm = NormKind::rms;
  model.dropout = true;
  const int heads = fields.integer("num_heads");
  const int layers = fields.layers("num_layers");
  const int decoder_layers = fields.has("num_decoder_layers") ? fields.layers("num_decoder_layers") : layers;
  const Attention self{.heads = heads, .kv_heads = heads, .head_size = fields.integer("d_kv")};
  const Mlp mlp{.intermediate_size = fields.integer("d_ff"),
                .gated = fields.text("feed_forward_proj", "relu").starts_with("gated-")};
  const int buckets = fields.integer("relative_attention_num_buckets", 32);
  // The first layer of each stack holds the relative position biases of all.
  for (const bool decoder : {false, true}) {
    for (const bool first : {true, false}) {
      Attention attention = self;
      attention.attends = decoder ? Attends::causal : Attends::bidirectional;
      attention.relative_buckets = first ? buckets : 0;
      Layer layer{.mixer = attention, .feed_forward = mlp};
      if (decoder) {
        layer.cross_attention = self;
        layer.cross_attention->attends = Attends::cross;
      }
      model.blocks.push_back(layer);
    }
  }
  for (int i = 0; i < layers; ++i)
    model.encoder_layers.push_back(i == 0 ? 0 : 1);
  for (int i = 0; i < decoder_layers; ++i)
    model.layers.push_back(i == 0 ? 2 : 3);
}

}  // namespace

std::vector<ModelType> dense_types() {
  return {{"llama", llama},
          {"smollm3", smollm3},
          {"granite", llama},
          {"phi3", phi3},
          {"mistral", mistral},
          {"qwen2", qwen2},
          {"qwen2_vl", qwen2_vl},
          {"qwen2_vl_text", qwen2_vl},
          {"qwen2_5_vl", qwen2_vl},
          {"qwen2_5_vl_text", qwen2_vl},
          {"qwen3", qwen3},
          {"qwen3_vl_text", qwen3},
          {"gemma", gemma},
          {"gemma2", gemma2},
          {"gemma3_text", gemma3_text},
          {"olmo", olmo},
          {"olmo2", olmo2},
          {"phi", phi},
          {"gpt2", gpt2},
          {"gpt_bigcode", gpt_bigcode},
          {"gptj", gptj},
          {"gpt_neox", gpt_neox},
          {"opt", opt},
          {"bloom", bloom},
          {"falcon", falcon},
          {"mpt", mpt},
          {"stablelm", stablelm},
          {"cohere", cohere},
          {"starcoder2", starcoder2},
          {"nemotron", nemotron},
          {"t5", t5}};
}

}  // namespace trainbudget::io::hf
