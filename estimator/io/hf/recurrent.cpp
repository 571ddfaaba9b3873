// Recurrent models and hybrids. Defaults are those of the configuration classes of Hugging Face transformers
// and of flash-linear-attention.
#include "core/arch/rwkv_model.h"
#include "io/hf/fields.h"

#include <algorithm>

namespace trainbudget::io::hf {
namespace {

int inner_size(Fields& fields, int hidden_size, std::string_view key) {
  return fields.has(key) ? fields.integer(key) : fields.factor("expand", 2) * hidden_size;
}

void mamba(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  const bool automatic = !fields.has("time_step_rank") || fields.text("time_step_rank") == "auto";
  repeat(model,
         {.mixer = Mamba1{.inner_size = inner_size(fields, model.hidden_size, "intermediate_size"),
                          .state_size = fields.integer("state_size", 16),
                          .conv_size = fields.integer("conv_kernel", 4),
                          .step_rank =
                              automatic ? (model.hidden_size + 15) / 16 : fields.integer("time_step_rank"),
                          .conv_bias = fields.boolean("use_conv_bias", true),
                          .projection_bias = fields.boolean("use_bias", false)}},
         fields.layers("num_hidden_layers"));
}

void mamba2(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  repeat(model,
         {.mixer = Mamba2{.heads = fields.integer("num_heads"),
                          .head_size = fields.integer("head_dim"),
                          .state_size = fields.integer("state_size"),
                          .groups = fields.integer("n_groups"),
                          .conv_size = fields.integer("conv_kernel", 4),
                          .conv_bias = fields.boolean("use_conv_bias", true),
                          .projection_bias = fields.boolean("use_bias", false)}},
         fields.layers("num_hidden_layers"));
}

void jamba(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  attention.rotary = false;
  const bool automatic = fields.text("mamba_dt_rank", "auto") == "auto";
  const Mamba1 mixer{.inner_size = fields.factor("mamba_expand", 2) * model.hidden_size,
                     .state_size = fields.integer("mamba_d_state", 16),
                     .conv_size = fields.integer("mamba_d_conv", 4),
                     .step_rank = automatic ? (model.hidden_size + 15) / 16 : fields.integer("mamba_dt_rank"),
                     .conv_bias = fields.boolean("mamba_conv_bias", true),
                     .projection_bias = fields.boolean("mamba_proj_bias", false),
                     .inner_norms = true};
  const Mlp mlp{.intermediate_size = fields.integer("intermediate_size"), .gated = true};
  const MixtureOfExperts moe{.experts = fields.integer("num_experts"),
                             .active_experts = fields.integer("num_experts_per_tok"),
                             .intermediate_size = mlp.intermediate_size,
                             .gated = true};
  model.blocks = {{.mixer = mixer, .feed_forward = mlp},
                  {.mixer = mixer, .feed_forward = moe},
                  {.mixer = attention, .feed_forward = mlp},
                  {.mixer = attention, .feed_forward = moe}};
  const int attention_period = fields.integer("attn_layer_period", 8);
  const int attention_offset = fields.integer("attn_layer_offset", 4);
  const int expert_period = fields.integer("expert_layer_period", 2);
  const int expert_offset = fields.integer("expert_layer_offset", 1);
  if (attention_period < 1) fields.refuse("attn_layer_period", "must be positive");
  if (expert_period < 1) fields.refuse("expert_layer_period", "must be positive");
  const int layers = fields.layers("num_hidden_layers");
  for (int i = 0; i < layers; ++i) {
    const bool attends = i % attention_period == attention_offset;
    const bool sparse = i % expert_period == expert_offset && moe.experts > 1;
    model.layers.push_back((attends ? 2 : 0) + (sparse ? 1 : 0));
  }
  if (moe.experts <= 1) {  // a dense Jamba: the blocks with experts are never used
    model.blocks[1].feed_forward = model.blocks[3].feed_forward = mlp;
  }
}

Mamba2 nemotron_mamba(Fields& fields) {
  return {.heads = fields.integer("mamba_num_heads"),
          .head_size = fields.integer("mamba_head_dim"),
          .state_size = fields.integer("ssm_state_size"),
          .groups = fields.integer("n_groups"),
          .conv_size = fields.integer("conv_kernel", 4),
          .conv_bias = fields.boolean("use_conv_bias", true),
          .projection_bias = fields.boolean("mamba_proj_bias", false)};
}

MixtureOfExperts nemotron_experts(Fields& fields) {
  return {.experts = fields.integer("n_routed_experts"),
          .active_experts = fields.integer("num_experts_per_tok"),
          .intermediate_size = fields.integer("moe_intermediate_size"),
          .shared_intermediate_size = fields.integer("moe_shared_expert_intermediate_size"),
          .latent_size = fields.has("moe_latent_size") ? fields.integer("moe_latent_size") : 0};
}

/// The kinds of layers as letters, which newer configurations spell out. `layers` 0: as many as there are.
std::string nemotron_pattern(Fields& fields, std::string_view letters, std::string_view words, int layers) {
  if (!fields.has(words)) {
    std::string pattern = fields.text(letters);
    if (layers > 0 && pattern.size() != static_cast<std::size_t>(layers))
      fields.refuse(letters, "has not one letter for each layer");
    return pattern;
  }
  std::string pattern;
  const int count = layers > 0 ? layers : static_cast<int>(fields.texts(words).size());
  for (const int kind : layer_kinds(fields, words, count,
                                    {{"mamba", 'M'},
                                     {"linear_attention", 'M'},
                                     {"attention", '*'},
                                     {"full_attention", '*'},
                                     {"mlp", '-'},
                                     {"moe", 'E'}}))
    pattern += static_cast<char>(kind);
  return pattern;
}

void nemotron_h(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  const int layers = fields.has("num_hidden_layers") || !fields.has("layers_block_type")
                         ? fields.layers("num_hidden_layers")
                         : 0;
  const std::string pattern =
      nemotron_pattern(fields, "hybrid_override_pattern", "layers_block_type", layers);
  const bool spelt_out = fields.has("layers_block_type");
  // Older configurations call it otherwise.
  const bool older = !fields.has("head_dim") && fields.has("attention_head_dim");
  Attention attention =
      grouped_attention(fields, model.hidden_size,
                        {.kv_heads = 8, .head_size = older ? fields.integer("attention_head_dim") : 128});
  attention.rotary = false;
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  std::string kinds;  // the letters in the order of model.blocks
  for (const char kind : pattern) {
    std::size_t block = kinds.find(kind);
    if (block == std::string::npos) {
      block = kinds.size();
      kinds += kind;
      switch (kind) {
        case 'M':
          model.blocks.push_back({.mixer = nemotron_mamba(fields)});
          break;
        case '*':
          model.blocks.push_back({.mixer = attention});
          break;
        case 'E':
          model.blocks.push_back({.feed_forward = nemotron_experts(fields)});
          break;
        case '-':
          model.blocks.push_back(
              {.feed_forward = Mlp{.intermediate_size = fields.integer("intermediate_size"),
                                   .bias = fields.boolean("mlp_bias", false)}});
          break;
        default:
          fields.refuse("hybrid_override_pattern", std::string("has an unknown letter '") + kind + "'");
      }
    }
    model.layers.push_back(static_cast<int>(block));
  }
  model.predicted_tokens = fields.integer("num_nextn_predict_layers", 0);
  if (model.predicted_tokens > 0) {
    const bool words = spelt_out && fields.has("mtp_layers_block_type");
    const std::string predictor = words ? nemotron_pattern(fields, "", "mtp_layers_block_type", 0)
                                        : fields.text("mtp_hybrid_override_pattern", "*E");
    if (predictor != "*E") {
      fields.refuse(words ? "mtp_layers_block_type" : "mtp_hybrid_override_pattern",
                    "only attention and then experts is supported");
    }
    model.prediction_block = static_cast<int>(model.blocks.size());
    model.blocks.push_back({.mixer = attention, .feed_forward = nemotron_experts(fields)});
  }
}

void granite_hybrid(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.rotary = fields.text("position_embedding_type", "nope") == "rope";
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  const int inner = fields.factor("mamba_expand", 2) * model.hidden_size;
  const int heads = fields.integer("mamba_n_heads");
  if (heads < 1) fields.refuse("mamba_n_heads", "must be positive");
  const Mamba2 mixer{.heads = heads,
                     .head_size = inner / heads,
                     .state_size = fields.integer("mamba_d_state"),
                     .groups = fields.integer("mamba_n_groups"),
                     .conv_size = fields.integer("mamba_d_conv", 4),
                     .conv_bias = fields.boolean("mamba_conv_bias", true),
                     .projection_bias = fields.boolean("mamba_proj_bias", false)};
  FeedForward feed_forward =
      Mlp{.intermediate_size = fields.integer("shared_intermediate_size"), .gated = true};
  if (const int experts = fields.integer("num_local_experts"); experts > 0) {
    feed_forward = MixtureOfExperts{.experts = experts,
                                    .active_experts = fields.integer("num_experts_per_tok"),
                                    .intermediate_size = fields.integer("intermediate_size"),
                                    .gated = true,
                                    .shared_intermediate_size = fields.integer("shared_intermediate_size")};
  }
  std::vector<bool> attends;
  for (const int kind :
       layer_kinds(fields, "layer_types", fields.layers("num_hidden_layers"),
                   {{"mamba", 0}, {"linear_attention", 0}, {"attention", 1}, {"full_attention", 1}}))
    attends.push_back(kind == 1);
  alternate(model, {.mixer = attention, .feed_forward = feed_forward},
            {.mixer = mixer, .feed_forward = feed_forward}, attends);
}

void qwen3_next(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_norm = QueryKeyNorm::per_head;
  attention.output_gate = true;
  if (fields.boolean("attention_bias", false)) fields.refuse("attention_bias", "is not supported here");
  const GatedDeltaNet delta{.key_heads = fields.integer("linear_num_key_heads"),
                            .value_heads = fields.integer("linear_num_value_heads"),
                            .key_head_size = fields.integer("linear_key_head_dim"),
                            .value_head_size = fields.integer("linear_value_head_dim"),
                            .conv_size = fields.integer("linear_conv_kernel_dim", 4)};
  const MixtureOfExperts moe{.experts = fields.integer("num_experts"),
                             .active_experts = fields.integer("num_experts_per_tok"),
                             .intermediate_size = fields.integer("moe_intermediate_size"),
                             .gated = true,
                             .shared_intermediate_size = fields.integer("shared_expert_intermediate_size"),
                             .shared_gate = true};
  if (fields.integer("decoder_sparse_step", 1) != 1)
    fields.refuse("decoder_sparse_step", "only 1 is supported");
  if (fields.has("mlp_only_layers") && !fields.integers("mlp_only_layers").empty()) {
    fields.refuse("mlp_only_layers", "only an empty list is supported");
  }
  const int layers = fields.layers("num_hidden_layers");
  std::vector<bool> is_delta(static_cast<std::size_t>(layers), true);
  if (fields.has("layer_types")) {
    const std::vector<int> kinds =
        layer_kinds(fields, "layer_types", layers, {{"linear_attention", 1}, {"full_attention", 0}});
    std::transform(kinds.begin(), kinds.end(), is_delta.begin(), [](int kind) { return kind == 1; });
    fields.mentions("full_attention_interval");
  } else {
    const int period = fields.integer("full_attention_interval", 4);
    if (period < 1) fields.refuse("full_attention_interval", "must be positive");
    for (int i = period - 1; i < layers; i += period)
      is_delta[static_cast<std::size_t>(i)] = false;
  }
  alternate(model, {.mixer = delta, .feed_forward = moe}, {.mixer = attention, .feed_forward = moe},
            is_delta);
  model.predicted_tokens = fields.integer("num_nextn_predict_layers", 0);
  model.prediction_block = 1;
}

void rwkv4(Fields& fields, Model& model) {
  RwkvShape shape{.version = 4,
                  .layers = fields.layers("num_hidden_layers"),
                  .hidden_size = fields.integer("hidden_size"),
                  .vocabulary = fields.integer("vocab_size")};
  shape.intermediate_size = fields.integer("intermediate_size", 4 * shape.hidden_size);
  if (fields.integer("attention_hidden_size", shape.hidden_size) != shape.hidden_size) {
    fields.refuse("attention_hidden_size", "only hidden_size is supported");
  }
  model = rwkv_model(shape);
}

void rwkv7(Fields& fields, Model& model) {
  RwkvShape shape{.version = 7,
                  .layers = fields.layers("num_hidden_layers"),
                  .hidden_size = fields.integer("hidden_size"),
                  .vocabulary = fields.integer("vocab_size"),
                  .head_size = fields.integer("head_dim", 64)};
  constexpr int multiple = 32;
  const int ratio_size = fields.has("intermediate_size")
                             ? 0
                             : static_cast<int>(fields.number("hidden_ratio", 4.0) * shape.hidden_size);
  shape.intermediate_size = ratio_size > 0 ? (ratio_size + multiple - 1) / multiple * multiple
                                           : fields.integer("intermediate_size");
  if (fields.has("value_dim")) {
    const auto sizes = fields.integers("value_dim");
    if (std::any_of(sizes.begin(), sizes.end(), [&](int size) { return size != shape.hidden_size; }))
      fields.refuse("value_dim", "only hidden_size is supported");
  }
  shape.ranks = {.decay = fields.integer("decay_low_rank_dim"),
                 .learning_rate = fields.integer("a_low_rank_dim"),
                 .value = fields.integer("v_low_rank_dim"),
                 .gate = fields.integer("gate_low_rank_dim")};
  model = rwkv_model(shape);
  model.tied_head = fields.boolean("tie_word_embeddings", false);
  if (fields.has("attn"))
    fields.refuse("attn", "hybrids of RWKV and attention are not read from a config.json");
}

}  // namespace

std::vector<ModelType> recurrent_types() {
  return {{"mamba", mamba},
          {"mamba2", mamba2},
          {"jamba", jamba},
          {"nemotron_h", nemotron_h},
          {"granitemoehybrid", granite_hybrid},
          {"qwen3_next", qwen3_next},
          {"rwkv", rwkv4},
          {"rwkv7", rwkv7}};
}

}  // namespace trainbudget::io::hf
