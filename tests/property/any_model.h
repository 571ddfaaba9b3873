// Random models of every kind of layer.
#pragma once

#include "core/model.h"

#include <algorithm>
#include <numeric>

#include <rapidcheck.h>

namespace trainbudget {

/// A component with random hyper-parameters within a fraction of their bounds.
template <class T>
T any_component() {
  T component;
  for (const auto& field : T::fields()) {
    const int most = std::min(field.most, field.least + 48);
    field.set(component, *rc::gen::inRange(field.least, most + 1));
  }
  return component;
}

// The relations between fields that problem() checks.
template <class T>
void repair(T& /*component*/, int /*hidden*/) {}
inline void repair(Attention& attention, int /*hidden*/) {
  attention.heads *= attention.kv_heads;
  if (attention.attends == Attends::cross) attention.attends = Attends::causal;
}
inline void repair(Rwkv5TimeMix& mix, int /*hidden*/) {
  mix.inner_size *= mix.head_size;
}
inline void repair(Rwkv6TimeMix& mix, int /*hidden*/) {
  mix.inner_size *= mix.head_size;
}
inline void repair(Rwkv7TimeMix& mix, int hidden) {
  mix.head_size = std::gcd(mix.head_size, hidden);
}
inline void repair(Mamba2& mix, int /*hidden*/) {
  mix.heads *= mix.groups;
}
inline void repair(GatedDeltaNet& mix, int /*hidden*/) {
  mix.value_heads *= mix.key_heads;
}
inline void repair(LatentAttention& attention, int /*hidden*/) {
  if (attention.index_heads > 0 && attention.query_rank > 0) {
    attention.index_head_size = std::max(attention.index_head_size, 1);
    attention.index_top_k = std::max(attention.index_top_k, 1);
  } else {
    attention.index_heads = attention.index_head_size = attention.index_top_k = 0;
  }
}
inline void repair(MixtureOfExperts& moe, int /*hidden*/) {
  moe.active_experts = std::min(moe.active_experts, moe.experts);
}

template <class Variant, std::size_t I = 1>
Variant any_of(std::size_t index, int hidden) {
  if constexpr (I < std::variant_size_v<Variant>) {
    if (index != I) return any_of<Variant, I + 1>(index, hidden);
    auto component = any_component<std::variant_alternative_t<I, Variant>>();
    repair(component, hidden);
    return component;
  } else {
    return std::monostate{};
  }
}

inline Layer any_layer(int hidden) {
  Layer layer;
  layer.mixer = any_of<Mixer>(*rc::gen::inRange<std::size_t>(0, std::variant_size_v<Mixer>), hidden);
  if (layer.mixer.index() != 0 && *rc::gen::arbitrary<bool>()) {
    auto attention = any_component<Attention>();
    repair(attention, hidden);
    layer.parallel_attention = attention;
  }
  const std::size_t least = layer.mixer.index() == 0 ? 1 : 0;
  layer.feed_forward =
      any_of<FeedForward>(*rc::gen::inRange<std::size_t>(least, std::variant_size_v<FeedForward>), hidden);
  layer.pre_norm = *rc::gen::arbitrary<bool>();
  layer.post_norm = *rc::gen::arbitrary<bool>();
  layer.parallel = *rc::gen::arbitrary<bool>();
  layer.shared_norm = *rc::gen::arbitrary<bool>();
  return layer;
}

inline Model any_model() {
  Model model{.hidden_size = 8 * *rc::gen::inRange(1, 65), .vocabulary = *rc::gen::inRange(1, 5000)};
  model.norm = static_cast<NormKind>(*rc::gen::inRange(0, 4));
  model.tied_head = *rc::gen::arbitrary<bool>();
  model.dropout = *rc::gen::arbitrary<bool>();
  const int kinds = *rc::gen::inRange(1, 4);
  for (int i = 0; i < kinds; ++i)
    model.blocks.push_back(any_layer(model.hidden_size));
  const int layers = *rc::gen::inRange(1, 12);
  for (int i = 0; i < layers; ++i)
    model.layers.push_back(*rc::gen::inRange(0, kinds));
  RC_ASSERT(problem(model).empty());
  return model;
}

}  // namespace trainbudget
