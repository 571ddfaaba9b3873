// Appends operations to a block. The conventions for bytes and saved activations are stated here, once.
#pragma once

#include "core/model_ops.h"

namespace trainbudget {

/// What a component needs to know of the model around it.
struct LayerContext {
  double hidden_size = 0.0;
  NormKind norm = NormKind::rms;
  bool dropout = false;
  Stream stream = Stream::main;
};

inline constexpr double activation_bytes = 2.0;  ///< of a 16-bit element

/// Memory traffic of an element-wise operation, bytes per token, and what it keeps.
struct Traffic {
  double forward = 0.0;
  double backward = 0.0;
  double saved = 0.0;
};

class BlockBuilder {
 public:
  BlockBuilder(Block& block, const LayerContext& context) : block_(block), context_(context) {}

  const LayerContext& context() const { return context_; }
  Block& block() { return block_; }

  /// [tokens, k] × [k, n]: 2·n·k FLOPs forward, 4·n·k backward (gradients of input and weight). Reads k and
  /// writes n activations forward; backward reads n twice and k once and writes k. Keeps its input: k
  /// activations. A column split keeps it whole (per sequence-parallel rank its share), a row split keeps the
  /// rank's share.
  Op& gemm(std::string_view name, Part part, double n, double k, Split split, bool bias = false);

  /// A norm over `width` activations: 4 bytes per element forward, 10 backward (gradients of input and
  /// weights in two kernels, as PyTorch does). Keeps its input.
  Op& norm(std::string_view name, double width, NormKind kind, Split split = Split::sequence,
           Part part = Part::norm);

  Op& elementwise(std::string_view name, Part part, Split split, const Traffic& traffic,
                  double parameters = 0.0);

  /// residual + branch: reads two, writes one; backward adds two gradients. Dropout on the branch keeps its
  /// mask.
  Op& residual(std::string_view name);

  /// A scan over time with a state of head_size × value_size per head.
  Op& recurrence(std::string_view name, double heads, double head_size, double value_size,
                 double forward_flops, double backward_flops, const Traffic& traffic);

 private:
  Op& add(Op op);

  Block& block_;
  const LayerContext& context_;
};

// One overload per component: appends its operations, between the norm before it and the residual after it.
void append(const Attention& attention, BlockBuilder& builder);
void append(const LatentAttention& attention, BlockBuilder& builder);
void append(const Rwkv4TimeMix& mix, BlockBuilder& builder);
void append(const Rwkv5TimeMix& mix, BlockBuilder& builder);
void append(const Rwkv6TimeMix& mix, BlockBuilder& builder);
void append(const Rwkv7TimeMix& mix, BlockBuilder& builder);
void append(const Mamba1& mix, BlockBuilder& builder);
void append(const Mamba2& mix, BlockBuilder& builder);
void append(const GatedDeltaNet& mix, BlockBuilder& builder);
void append(const LightningAttention& attention, BlockBuilder& builder);
void append(const ShortConvolution& convolution, BlockBuilder& builder);
void append(const Mlp& mlp, BlockBuilder& builder);
void append(const MixtureOfExperts& moe, BlockBuilder& builder);
void append(const ChannelMix& mix, BlockBuilder& builder);

}  // namespace trainbudget
