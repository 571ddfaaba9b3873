// Hybrids of attention and recurrent layers since 2025. Defaults are those of the configuration classes of
// Hugging Face transformers, and for models that bring their own code of that code.
#include "io/hf/fields.h"

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

}  // namespace

std::vector<ModelType> recent_hybrid_types() {
  return {{"kimi_linear", kimi_linear}};
}

}  // namespace trainbudget::io::hf
