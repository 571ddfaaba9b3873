// What is trained: a model as plain hyper-parameters. core/model_ops.h expands it to operations.
#pragma once

#include "core/arch/attention.h"
#include "core/arch/feed_forward.h"
#include "core/arch/rwkv.h"
#include "core/arch/state_space.h"

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace trainbudget {

/// The mixers and feed-forwards that a layer can be made of. To add one: its struct with its table of fields,
/// its append() in core/arch/<name>.cpp, and its place in the list here.
using Mixer =
    std::variant<std::monostate, Attention, LatentAttention, Rwkv4TimeMix, Rwkv5TimeMix, Rwkv6TimeMix,
                 Rwkv7TimeMix, Mamba1, Mamba2, GatedDeltaNet, LightningAttention, ShortConvolution>;
using FeedForward = std::variant<std::monostate, Mlp, MixtureOfExperts, ChannelMix>;

enum class NormKind : unsigned char {
  rms,                ///< one weight vector
  layer_norm,         ///< weight and bias
  layer_norm_weight,  ///< LayerNorm without bias (MPT)
  plain,              ///< no weights (OLMo 1)
};
inline constexpr std::array<std::string_view, 4> norm_words{"rms", "layer_norm", "layer_norm_weight",
                                                            "plain"};

/// Weights of a norm per unit of width.
constexpr int weights_per_width(NormKind kind) {
  switch (kind) {
    case NormKind::rms:
      return 1;
    case NormKind::layer_norm:
      return 2;
    case NormKind::layer_norm_weight:
      return 1;
    case NormKind::plain:
      return 0;
  }
  return 0;
}

/// One kind of layer: mixer, optional cross-attention (decoders of encoder–decoder models), feed-forward, and
/// the norms around them. A layer without a mixer or without a feed-forward has that sublayer's norms
/// neither.
struct Layer {
  Mixer mixer;
  std::optional<Attention> parallel_attention;  ///< beside the mixer, over the same norm (Falcon-H1)
  std::optional<Attention> cross_attention;
  FeedForward feed_forward;
  bool pre_norm = true;
  bool post_norm = false;
  bool parallel =
      false;  ///< both sublayers read the same residual and add to it together (GPT-J, NeoX, Falcon)
  bool shared_norm = false;  ///< parallel layers only: one norm feeds both sublayers (GPT-J, Falcon 7B)
};

/// A whole model. Layers that are alike are stored once: `blocks` are the kinds of layer, `layers` says which
/// kind each layer is, from the input to the output.
struct Model {
  std::string name;
  std::string family;  ///< a label for listings: "llama", "rwkv-7", "jamba"

  int hidden_size = 0;
  int vocabulary = 0;           ///< rows of the embedding as trained, padding included
  bool tied_head = false;       ///< the head is the embedding transposed
  bool head_bias = false;       ///< a bias per word (GPT-J, Phi)
  bool logit_soft_cap = false;  ///< tanh over the logits (Gemma 2)
  int learned_positions = 0;    ///< rows of a learned position embedding, 0 for none
  int reserved_positions = 0;   ///< of them rows that no token of a sequence takes (OPT: 2)
  int embedding_size = 0;  ///< width of the embedding where it is projected to hidden_size (OPT-350M), else 0
  bool embedding_norm = false;  ///< a norm straight after the embedding (BLOOM, RWKV's ln0)
  bool final_norm = true;
  NormKind norm = NormKind::rms;
  bool dropout = false;  ///< dropout after both sublayers and in the attention core

  std::vector<Layer> blocks;
  std::vector<int> layers;  ///< indices into `blocks`

  std::vector<int>
      encoder_layers;  ///< the same for an encoder, which shares the embedding; empty for decoders

  int predicted_tokens = 0;  ///< multi-token prediction modules (DeepSeek-V3, arXiv 2412.19437, §2.2)
  int prediction_block = 0;  ///< the kind of layer inside such a module
};

/// Whether any of its layers sends tokens to some of its experts only.
bool has_experts(const Model& model);

/// The longest sequence that the learned positions allow; 0 where there are none.
constexpr int most_positions(const Model& model) {
  return model.learned_positions - model.reserved_positions;
}

/// A sentence that says why `model` cannot be built ("kv_heads 3 does not divide heads 32"), or an empty one.
std::string problem(const Model& model);

}  // namespace trainbudget
