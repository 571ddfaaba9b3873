// Hybrids of attention and recurrent layers since 2025. Defaults are those of the configuration classes of
// Hugging Face transformers, and for models that bring their own code of that code.
#include "io/hf/fields.h"

#include <algorithm>

namespace trainbudget::io::hf {
namespace {

/// Layers of two mixers, `first` where `is_first` says so: an MLP in the first `dense` of them, experts
/// after.
void mix(Model& model, const Mixer& first, const Mixer& second, const std::vector<bool>& is_first,
         const Mlp& mlp, const MixtureOfExperts& moe, int dense) {
  model.blocks = {{.mixer = first, .feed_forward = mlp},
                  {.mixer = first, .feed_forward = moe},
                  {.mixer = second, .feed_forward = mlp},
                  {.mixer = second, .feed_forward = moe}};
  for (std::size_t i = 0; i < is_first.size(); ++i)
    model.layers.push_back((is_first[i] ? 0 : 2) + (static_cast<int>(i) < dense ? 0 : 1));
}

/// Marks the layers that the list under `key` counts from one; each at most once.
void mark(Fields& fields, std::string_view key, std::vector<bool>& marked) {
  for (const int number : fields.integers(key)) {
    if (number < 1 || static_cast<std::size_t>(number) > marked.size())
      fields.refuse(key, "names a layer that is not there");
    if (marked[static_cast<std::size_t>(number - 1)]) fields.refuse(key, "names a layer a second time");
    marked[static_cast<std::size_t>(number - 1)] = true;
  }
}

/// The type is also that of Kimi K3's language model, which is another architecture.
void refuse_kimi_k3(Fields& fields, Fields& linear) {
  for (const std::string_view key : {"attn_res_block_size", "routed_expert_hidden_size"})
    if (fields.has(key)) fields.refuse(key, "is not supported");
  if (fields.boolean("mla_use_output_gate", false))
    fields.refuse("mla_use_output_gate", "only false is supported");
  if (linear.boolean("use_full_rank_gate", false))
    linear.refuse("use_full_rank_gate", "only false is supported");
}

/// Kimi delta attention and latent attention without a rotary embedding; both ranks of the delta rule are the
/// size of a head.
void kimi_linear(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Fields linear = fields.nested("linear_attn_config");
  refuse_kimi_k3(fields, linear);
  const int heads = linear.integer("num_heads");
  const int head_size = linear.integer("head_dim");
  const GatedDeltaNet delta{.key_heads = heads,
                            .value_heads = heads,
                            .key_head_size = head_size,
                            .value_head_size = head_size,
                            .conv_size = linear.integer("short_conv_kernel_size", 4),
                            .decay_rank = head_size,
                            .gate_rank = head_size};
  LatentAttention latent = latent_attention(fields);
  latent.rotary = !fields.boolean("mla_use_nope", false);
  std::vector<bool> is_delta(static_cast<std::size_t>(fields.layers("num_hidden_layers")), false);
  mark(linear, "kda_layers", is_delta);
  if (linear.has("full_attn_layers")) {
    std::vector<bool> named = is_delta;
    mark(linear, "full_attn_layers", named);
    for (const bool each : named)
      if (!each) linear.refuse("full_attn_layers", "and 'kda_layers' together leave a layer out");
  }
  fields.absorb(linear);
  if (fields.integer("moe_layer_freq", 1) != 1) fields.refuse("moe_layer_freq", "only 1 is supported");
  if (fields.integer("num_nextn_predict_layers", 0) != 0)
    fields.refuse("num_nextn_predict_layers", "only 0 is supported");
  const int width = fields.integer("moe_intermediate_size");
  const bool shares = fields.integer("num_shared_experts", 0) > 0;
  mix(model, delta, latent, is_delta, gated_mlp(fields),
      {.experts = fields.integer("num_experts"),
       .active_experts = fields.integer("num_experts_per_token"),
       .intermediate_size = width,
       .gated = true,
       .shared_intermediate_size = shares ? fields.multiple("num_shared_experts", 1, width) : 0},
      fields.integer("first_k_dense_replace", 0));
}

MixtureOfExperts minimax_experts(Fields& fields) {
  return {.experts = fields.integer("num_local_experts", 8),
          .active_experts = fields.integer("num_experts_per_tok", 2),
          .intermediate_size = fields.integer("intermediate_size"),
          .gated = true};
}

/// Softmax attention where `is_softmax` says so, lightning attention elsewhere; experts in every layer. The
/// factors of the residuals are no parameters.
void minimax_layers(Fields& fields, Model& model, const std::vector<bool>& is_softmax) {
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  attention.window = sliding_window(fields, 0);
  const LightningAttention lightning{
      .heads = attention.heads, .head_size = attention.head_size, .silu = true};
  const MixtureOfExperts moe = minimax_experts(fields);
  alternate(model, {.mixer = attention, .feed_forward = moe}, {.mixer = lightning, .feed_forward = moe},
            is_softmax);
}

/// Ones are softmax attention.
std::vector<bool> softmax_layers(Fields& fields, int layers) {
  const std::vector<int> types = fields.integers("attn_type_list");
  if (types.size() != static_cast<std::size_t>(layers))
    fields.refuse("attn_type_list", "has not one entry for each layer");
  std::vector<bool> is_softmax;
  for (const int type : types) {
    if (type > 1) fields.refuse("attn_type_list", "has an entry other than 0 and 1");
    is_softmax.push_back(type == 1);
  }
  return is_softmax;
}

/// MiniMax-01 as transformers writes it. Programs that write MiniMax-M2 under this name give it its norms.
void minimax(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.boolean("use_qk_norm", false))
    fields.refuse("use_qk_norm", "only false is supported: MiniMax-M2 has the type 'minimax_m2'");
  const int layers = fields.layers("num_hidden_layers");
  std::vector<bool> is_softmax(static_cast<std::size_t>(layers));
  for (std::size_t i = 0; i < is_softmax.size(); ++i)
    is_softmax[i] = i % 2 == 0;
  if (fields.has("layer_types")) {
    is_softmax =
        layers_of_kind(fields, "layer_types", layers, {{"full_attention", 1}, {"linear_attention", 0}});
    fields.mentions("attn_type_list");
  } else if (fields.has("attn_type_list")) {
    is_softmax = softmax_layers(fields, layers);
  }
  minimax_layers(fields, model, is_softmax);
}

/// MiniMax-01 and M1 as their own code reads them.
void minimax_text_01(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.integer("shared_intermediate_size", 0) != 0)
    fields.refuse("shared_intermediate_size", "only 0 is supported");
  minimax_layers(fields, model, softmax_layers(fields, fields.layers("num_hidden_layers")));
}

/// The last layer of each group is softmax attention, and so are layers beyond the last whole group.
std::vector<bool> last_of_groups(Fields& fields, int layers) {
  const int size = fields.integer("layer_group_size", 1);
  if (size < 1) fields.refuse("layer_group_size", "must be positive");
  std::vector<bool> is_last(static_cast<std::size_t>(layers));
  for (int i = 0; i < layers; ++i)
    is_last[static_cast<std::size_t>(i)] = (i + 1) % size == 0 || i >= layers / size * size;
  return is_last;
}

/// Ring-linear: lightning attention with as many keys and values as queries, whose heads share hidden_size.
void bailing_moe_linear(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.boolean("use_bias", false)) fields.refuse("use_bias", "is not supported here");
  if (fields.boolean("use_qkv_bias", false)) fields.refuse("use_qkv_bias", "is not supported here");
  if (fields.integer("num_nextn_predict_layers", 0) != 0)
    fields.refuse("num_nextn_predict_layers", "only 0 is supported");
  Attention attention = grouped_attention(fields, model.hidden_size);
  if (attention.heads * attention.head_size != model.hidden_size)
    fields.refuse("num_attention_heads", "heads that do not fill hidden_size are not supported");
  const bool norms = fields.boolean("use_qk_norm", false);
  if (norms) attention.query_key_norm = QueryKeyNorm::per_head;
  const LightningAttention lightning{.heads = attention.heads,
                                     .head_size = attention.head_size,
                                     .silu = fields.boolean("linear_silu", false),
                                     .query_key_norm = norms,
                                     .rotary = true};
  const int width = fields.integer("moe_intermediate_size");
  const int shared = fields.integer("moe_shared_expert_intermediate_size", width);
  const bool shares =
      fields.boolean("moe_router_enable_shared_expert", true) && fields.integer("num_shared_experts") > 0;
  mix(model, attention, lightning, last_of_groups(fields, fields.layers("num_hidden_layers")),
      gated_mlp(fields),
      {.experts = fields.integer("num_experts"),
       .active_experts = fields.integer("num_experts_per_tok"),
       .intermediate_size = width,
       .gated = true,
       .shared_intermediate_size = shares ? fields.multiple("num_shared_experts", 1, shared) : 0},
      fields.integer("first_k_dense_replace"));
}

/// Falcon-H1's Mamba-2: its width is a field of its own, and its norm is optional.
Mamba2 falcon_mamba2(Fields& fields, int hidden_size) {
  const bool by_factor = fields.mentions("mamba_d_ssm") && !fields.has("mamba_d_ssm");
  const int inner =
      by_factor ? fields.multiple("mamba_expand", 2, hidden_size) : fields.integer("mamba_d_ssm", 1024);
  const int heads = fields.integer("mamba_n_heads", 128);
  if (heads < 1) fields.refuse("mamba_n_heads", "must be positive");
  if (inner % heads != 0) fields.refuse("mamba_n_heads", "does not divide mamba_d_ssm");
  if (fields.has("mamba_d_head") && fields.text("mamba_d_head") != "auto" &&
      fields.integer("mamba_d_head") != inner / heads)
    fields.refuse("mamba_d_head", "is not mamba_d_ssm ÷ mamba_n_heads");
  const bool bias = fields.boolean("mamba_proj_bias", false);
  if (fields.boolean("projectors_bias", false) != bias)
    fields.refuse("projectors_bias", "only the value of mamba_proj_bias is supported");
  return {.heads = heads,
          .head_size = inner / heads,
          .state_size = fields.integer("mamba_d_state", 256),
          .groups = fields.integer("mamba_n_groups", 1),
          .conv_size = fields.integer("mamba_d_conv", 4),
          .conv_bias = fields.boolean("mamba_conv_bias", true),
          .projection_bias = bias,
          .gated_norm = fields.boolean("mamba_rms_norm", false)};
}

/// Mamba-2 and attention side by side in every layer. The multipliers are no parameters.
void falcon_h1(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (fields.has("attn_layer_indices")) fields.refuse("attn_layer_indices", "only null is supported");
  if (!fields.boolean("mamba_use_mlp", true)) fields.refuse("mamba_use_mlp", "only true is supported");
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  repeat(model,
         {.mixer = falcon_mamba2(fields, model.hidden_size),
          .parallel_attention = attention,
          .feed_forward = gated_mlp(fields, fields.boolean("mlp_bias", false))},
         fields.layers("num_hidden_layers"));
}

/// Where LFM2 attends: by words, or by the numbers of the layers; everywhere without either.
std::vector<bool> lfm2_attention_layers(Fields& fields, int layers) {
  if (fields.has("layer_types")) {
    fields.mentions("full_attn_idxs");
    return layers_of_kind(fields, "layer_types", layers, {{"full_attention", 1}, {"conv", 0}});
  }
  std::vector<bool> attends(static_cast<std::size_t>(layers), !fields.has("full_attn_idxs"));
  if (!fields.has("full_attn_idxs")) return attends;
  for (const int index : fields.integers("full_attn_idxs")) {
    if (index >= layers) fields.refuse("full_attn_idxs", "names a layer that is not there");
    attends[static_cast<std::size_t>(index)] = true;
  }
  return attends;
}

/// What both kinds of LFM2 have in common; the head is tied unless one of two fields says otherwise.
Attention lfm2_attention(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  if (fields.has("tie_embedding")) model.tied_head = fields.boolean("tie_embedding");
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8});
  attention.query_key_norm = QueryKeyNorm::per_head;
  return attention;
}

ShortConvolution short_convolution(Fields& fields) {
  return {.conv_size = fields.integer("conv_L_cache", 3), .bias = fields.boolean("conv_bias", false)};
}

/// Two thirds of the size that is written, times a factor, rounded up; as it is written where nothing
/// adjusts.
Mlp lfm2_mlp(Fields& fields) {
  const int written = fields.integer_of("block_ff_dim", "intermediate_size");
  if (!fields.boolean("block_auto_adjust_ff_dim", true)) return {.intermediate_size = written, .gated = true};
  const bool scaled = fields.has("block_ffn_dim_multiplier") || !fields.mentions("block_ffn_dim_multiplier");
  const double factor = scaled ? fields.number("block_ffn_dim_multiplier", 1.0) : 1.0;
  const int two_thirds = 2 * written / 3;
  const int size = fields.size_by("block_ffn_dim_multiplier", factor * two_thirds);
  const int multiple = fields.integer("block_multiple_of", 256);
  if (multiple < 1) fields.refuse("block_multiple_of", "must be positive");
  return {.intermediate_size = (size + multiple - 1) / multiple * multiple, .gated = true};
}

void lfm2(Fields& fields, Model& model) {
  const Attention attention = lfm2_attention(fields, model);
  const Mlp mlp = lfm2_mlp(fields);
  alternate(model, {.mixer = attention, .feed_forward = mlp},
            {.mixer = short_convolution(fields), .feed_forward = mlp},
            lfm2_attention_layers(fields, fields.layers("num_hidden_layers")));
}

void lfm2_moe(Fields& fields, Model& model) {
  const Attention attention = lfm2_attention(fields, model);
  if (!fields.has("layer_types")) (void)fields.texts("layer_types");  // throws: the class has no default
  mix(model, attention, short_convolution(fields),
      lfm2_attention_layers(fields, fields.layers("num_hidden_layers")), gated_mlp(fields),
      {.experts = fields.integer("num_experts", 32),
       .active_experts = fields.integer("num_experts_per_tok", 4),
       .intermediate_size = fields.integer("moe_intermediate_size", 1792),
       .gated = true},
      fields.integer("num_dense_layers", 2));
}

}  // namespace

std::vector<ModelType> recent_hybrid_types() {
  return {{"kimi_linear", kimi_linear},
          {"minimax", minimax},
          {"minimax_text_01", minimax_text_01},
          {"minimax_m1", minimax_text_01},
          {"bailing_moe_linear", bailing_moe_linear},
          {"falcon_h1", falcon_h1},
          {"lfm2", lfm2},
          {"lfm2_moe", lfm2_moe}};
}

}  // namespace trainbudget::io::hf
