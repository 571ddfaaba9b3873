// Recurrent models and hybrids. Defaults are those of the configuration classes of Hugging Face transformers.
#include "core/arch/rwkv_model.h"
#include "io/hf/fields.h"

#include <algorithm>

namespace trainbudget::io::hf {
namespace {

int inner_size(Fields& fields, int hidden_size, std::string_view key) {
  return fields.has(key) ? fields.integer(key) : fields.multiple("expand", 2, hidden_size);
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
  const Mamba1 mixer{.inner_size = fields.multiple("mamba_expand", 2, model.hidden_size),
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
  const Mamba2 mixer = ibm_mamba(fields, model.hidden_size);
  FeedForward feed_forward =
      Mlp{.intermediate_size = fields.integer("shared_intermediate_size"), .gated = true};
  if (const int experts = fields.integer("num_local_experts"); experts > 0) {
    feed_forward = MixtureOfExperts{.experts = experts,
                                    .active_experts = fields.integer("num_experts_per_tok"),
                                    .intermediate_size = fields.integer("intermediate_size"),
                                    .gated = true,
                                    .shared_intermediate_size = fields.integer("shared_intermediate_size")};
  }
  const std::vector<bool> attends =
      layers_of_kind(fields, "layer_types", fields.layers("num_hidden_layers"),
                     {{"mamba", 0}, {"linear_attention", 0}, {"attention", 1}, {"full_attention", 1}});
  alternate(model, {.mixer = attention, .feed_forward = feed_forward},
            {.mixer = mixer, .feed_forward = feed_forward}, attends);
}

/// Mamba-2 layers with an MLP each; attention where `attn_layer_indices` says so.
void bamba(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  const Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  const Mlp mlp = gated_mlp(fields);
  const int layers = fields.layers("num_hidden_layers");
  std::vector<bool> attends(static_cast<std::size_t>(layers), false);
  if (!fields.mentions("attn_layer_indices")) (void)fields.integers("attn_layer_indices");  // throws
  if (fields.has("attn_layer_indices")) {
    for (const int index : fields.integers("attn_layer_indices")) {
      if (index >= layers) fields.refuse("attn_layer_indices", "names a layer that is not there");
      attends[static_cast<std::size_t>(index)] = true;
    }
  }
  alternate(model, {.mixer = attention, .feed_forward = mlp},
            {.mixer = ibm_mamba(fields, model.hidden_size), .feed_forward = mlp}, attends);
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

}  // namespace

Mamba2 ibm_mamba(Fields& fields, int hidden_size) {
  const int inner = fields.multiple("mamba_expand", 2, hidden_size);
  const int heads = fields.integer("mamba_n_heads");
  if (heads < 1) fields.refuse("mamba_n_heads", "must be positive");
  if (inner % heads != 0) fields.refuse("mamba_n_heads", "does not divide mamba_expand × hidden_size");
  const int head_size = inner / heads;
  if (fields.has("mamba_d_head") && fields.text("mamba_d_head") != "auto" &&
      fields.integer("mamba_d_head") != head_size)
    fields.refuse("mamba_d_head", "is not mamba_expand × hidden_size ÷ mamba_n_heads");
  return {.heads = heads,
          .head_size = head_size,
          .state_size = fields.integer("mamba_d_state"),
          .groups = fields.integer("mamba_n_groups"),
          .conv_size = fields.integer("mamba_d_conv", 4),
          .conv_bias = fields.boolean("mamba_conv_bias", true),
          .projection_bias = fields.boolean("mamba_proj_bias", false)};
}

std::vector<ModelType> recurrent_types() {
  return {{"mamba", mamba},           {"falcon_mamba", mamba},  // its norms of step, B and C have no weights
          {"mamba2", mamba2},         {"jamba", jamba},
          {"nemotron_h", nemotron_h}, {"granitemoehybrid", granite_hybrid},
          {"bamba", bamba},           {"rwkv", rwkv4}};
}

}  // namespace trainbudget::io::hf
