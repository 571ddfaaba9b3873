#include "core/model.h"

#include <algorithm>

namespace trainbudget {
namespace {

template <class T>
std::string out_of_bounds(const T& component) {
  for (const auto& field : T::fields()) {
    const int value = field.get(component);
    if (value < field.least || value > field.most) {
      return std::string(T::word) + ": " + std::string(field.name) + " is " + std::to_string(value) +
             ", must be from " + std::to_string(field.least) + " to " + std::to_string(field.most);
    }
  }
  return {};
}

std::string not_divisible(std::string_view divisor, int by, std::string_view number, int value) {
  if (value % by == 0) return {};
  return std::string(divisor) + " " + std::to_string(by) + " does not divide " + std::string(number) + " " +
         std::to_string(value);
}

// What the bounds of single fields do not say.
struct Relations {
  int hidden_size;

  std::string operator()(const Attention& a) const {
    return not_divisible("kv_heads", a.kv_heads, "heads", a.heads);
  }
  std::string operator()(const Rwkv5TimeMix& m) const {
    return not_divisible("head_size", m.head_size, "inner_size", m.inner_size);
  }
  std::string operator()(const Rwkv6TimeMix& m) const {
    return not_divisible("head_size", m.head_size, "inner_size", m.inner_size);
  }
  std::string operator()(const Rwkv7TimeMix& m) const {
    return not_divisible("head_size", m.head_size, "hidden_size", hidden_size);
  }
  std::string operator()(const Mamba2& m) const {
    return not_divisible("groups", m.groups, "heads", m.heads);
  }
  std::string operator()(const GatedDeltaNet& m) const {
    return not_divisible("key_heads", m.key_heads, "value_heads", m.value_heads);
  }
  std::string operator()(const LatentAttention& a) const {
    const bool indexes = a.index_heads > 0;
    if (indexes != (a.index_head_size > 0) || indexes != (a.index_top_k > 0))
      return "index_heads, index_head_size and index_top_k go together";
    return indexes && a.query_rank == 0 ? "an indexer needs query_rank, from which it makes its queries" : "";
  }
  std::string operator()(const MixtureOfExperts& m) const {
    if (m.active_experts <= m.experts) return {};
    return "active_experts " + std::to_string(m.active_experts) + " is more than experts " +
           std::to_string(m.experts);
  }
  template <class T>
  std::string operator()(const T& /*component*/) const {
    return {};
  }
};

template <class... Ts>
std::string component_problem(const std::variant<std::monostate, Ts...>& component, int hidden_size) {
  return std::visit(
      [&](const auto& value) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          return {};
        } else {
          std::string found = out_of_bounds(value);
          return found.empty() ? Relations{hidden_size}(value) : found;
        }
      },
      component);
}

std::string layer_problem(const Layer& layer, int hidden_size) {
  if (std::string found = component_problem(layer.mixer, hidden_size); !found.empty()) return found;
  if (std::string found = component_problem(layer.feed_forward, hidden_size); !found.empty()) return found;
  if (layer.cross_attention) {
    if (std::string found = component_problem(Mixer(*layer.cross_attention), hidden_size); !found.empty())
      return found;
    if (layer.cross_attention->attends != Attends::cross) return "cross_attention must attend to the encoder";
  }
  if (layer.parallel_attention) {
    if (layer.mixer.index() == 0) return "parallel_attention needs a mixer beside it";
    if (std::string found = component_problem(Mixer(*layer.parallel_attention), hidden_size); !found.empty())
      return found;
    if (layer.parallel_attention->attends == Attends::cross)
      return "parallel_attention must not attend to the encoder";
  }
  if (layer.mixer.index() == 0 && layer.feed_forward.index() == 0)
    return "a layer has neither a mixer nor a feed-forward";
  return {};
}

std::string index_problem(const Model& model, const std::vector<int>& layers) {
  const int blocks = static_cast<int>(model.blocks.size());
  if (std::any_of(layers.begin(), layers.end(), [&](int block) { return block < 0 || block >= blocks; })) {
    return "a layer is of a kind that the model does not have";
  }
  return {};
}

}  // namespace

bool has_experts(const Model& model) {
  return std::any_of(model.blocks.begin(), model.blocks.end(), [](const Layer& layer) {
    return std::holds_alternative<MixtureOfExperts>(layer.feed_forward);
  });
}

std::string problem(const Model& model) {
  constexpr int most = 1 << 24;
  if (model.hidden_size < 1 || model.hidden_size > most) return "hidden_size must be from 1 to 16777216";
  if (model.vocabulary < 1 || model.vocabulary > most) return "vocabulary must be from 1 to 16777216";
  if (model.learned_positions < 0 || model.learned_positions > most)
    return "learned_positions must be from 0 to 16777216";
  if (model.reserved_positions < 0 || model.reserved_positions > std::max(0, model.learned_positions - 1))
    return "reserved_positions must leave one of the learned_positions";
  if (model.embedding_size < 0 || model.embedding_size > most)
    return "embedding_size must be from 0 to 16777216";
  if (model.layers.empty()) return "the model has no layers";
  for (const Layer& layer : model.blocks) {
    if (std::string found = layer_problem(layer, model.hidden_size); !found.empty()) return found;
  }
  if (std::string found = index_problem(model, model.layers); !found.empty()) return found;
  if (std::string found = index_problem(model, model.encoder_layers); !found.empty()) return found;
  if (model.predicted_tokens < 0 || model.predicted_tokens > 64)
    return "predicted_tokens must be from 0 to 64";
  if (model.predicted_tokens > 0) return index_problem(model, {model.prediction_block});
  return {};
}

}  // namespace trainbudget
