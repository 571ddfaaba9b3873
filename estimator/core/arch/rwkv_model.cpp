#include "core/arch/rwkv_model.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

struct PublishedRanks {
  int hidden_size;
  int layers;  ///< 0 for any
  Rwkv7Ranks ranks;
};

// Read off the released checkpoints; 6144 from arXiv 2503.14456, table 16.
constexpr std::array<PublishedRanks, 7> published{{
    {768, 0, {64, 64, 32, 128}},
    {1024, 0, {64, 64, 32, 128}},
    {2048, 0, {96, 96, 64, 256}},
    {2560, 0, {96, 96, 64, 320}},
    {4096, 32, {128, 128, 96, 480}},
    {4096, 61, {192, 192, 128, 384}},
    {6144, 0, {128, 128, 96, 640}},
}};

/// max(32, round(factor · width^power ÷ 32) · 32), half to even as Python's round().
int rounded_rank(double factor, double power, double width) {
  return std::max(32, 32 * static_cast<int>(std::nearbyint(factor * std::pow(width, power) / 32.0)));
}

Mixer time_mix(const RwkvShape& shape, bool first) {
  switch (shape.version) {
    case 4:
      return Rwkv4TimeMix{.inner_size = shape.hidden_size};
    case 5:
      return Rwkv5TimeMix{.inner_size = shape.hidden_size, .head_size = shape.head_size};
    case 6:
      return Rwkv6TimeMix{.inner_size = shape.hidden_size,
                          .head_size = shape.head_size,
                          .mix_rank = shape.mix_rank,
                          .decay_rank = shape.decay_rank};
    default:
      return Rwkv7TimeMix{.head_size = shape.head_size,
                          .decay_rank = shape.ranks.decay,
                          .learning_rate_rank = shape.ranks.learning_rate,
                          .value_rank = shape.ranks.value,
                          .gate_rank = shape.ranks.gate,
                          .value_residual = first ? shape.first_layer : ValueResidual::used};
  }
}

}  // namespace

std::optional<Rwkv7Ranks> rwkv7_ranks(RankRule rule, int hidden_size, int layers, int head_size) {
  if (rule == RankRule::published) {
    const auto* const row = std::find_if(published.begin(), published.end(), [&](const PublishedRanks& r) {
      return r.hidden_size == hidden_size && (r.layers == 0 || r.layers == layers);
    });
    if (row == published.end()) return std::nullopt;
    return row->ranks;
  }
  if (rule == RankRule::original) {
    return Rwkv7Ranks{.decay = rounded_rank(1.8, 0.5, hidden_size),
                      .learning_rate = rounded_rank(1.8, 0.5, hidden_size),
                      .value = rounded_rank(1.3, 0.5, hidden_size),
                      .gate = rounded_rank(0.6, 0.8, hidden_size)};
  }
  const double heads = head_size / 64.0;
  return Rwkv7Ranks{.decay = rounded_rank(2.5 * heads, 0.5, hidden_size),
                    .learning_rate = rounded_rank(2.5 * heads, 0.5, hidden_size),
                    .value = rounded_rank(1.7 * heads, 0.5, hidden_size),
                    .gate = rounded_rank(5.0, 0.5, hidden_size)};
}

Model rwkv_model(const RwkvShape& shape) {
  const bool wide = shape.version == 4 || shape.version == 7;
  const int inner = shape.intermediate_size > 0 ? shape.intermediate_size
                    : wide                      ? 4 * shape.hidden_size
                                                : shape.hidden_size * 7 / 2 / 32 * 32;
  Model model{.hidden_size = shape.hidden_size,
              .vocabulary = shape.vocabulary,
              .embedding_norm = true,
              .norm = NormKind::layer_norm};
  const ChannelMix channel_mix{.intermediate_size = inner, .receptance = shape.version != 7};
  model.blocks.push_back({.mixer = time_mix(shape, false), .feed_forward = channel_mix});
  model.layers.assign(static_cast<std::size_t>(shape.layers), 0);
  if (shape.version == 7 && shape.first_layer != ValueResidual::used && shape.layers > 0) {
    model.blocks.push_back({.mixer = time_mix(shape, true), .feed_forward = channel_mix});
    model.layers[0] = 1;
  }
  return model;
}

}  // namespace trainbudget
