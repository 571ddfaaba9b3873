#include "core/model_ladder.h"

#include "core/arch/rwkv_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace trainbudget {
namespace {

/// 4 to 7; 0 for what is no RWKV mixer.
int rwkv_version(const Mixer& mixer) {
  if (std::holds_alternative<Rwkv4TimeMix>(mixer)) return 4;
  if (std::holds_alternative<Rwkv5TimeMix>(mixer)) return 5;
  if (std::holds_alternative<Rwkv6TimeMix>(mixer)) return 6;
  if (std::holds_alternative<Rwkv7TimeMix>(mixer)) return 7;
  return 0;
}

int head_size_of(const Mixer& mixer) {
  if (const auto* attention = std::get_if<Attention>(&mixer)) return attention->head_size;
  if (const auto* mix = std::get_if<Rwkv5TimeMix>(&mixer)) return mix->head_size;
  if (const auto* mix = std::get_if<Rwkv6TimeMix>(&mixer)) return mix->head_size;
  if (const auto* mix = std::get_if<Rwkv7TimeMix>(&mixer)) return mix->head_size;
  return 1;
}

Model resized_rwkv(const Model& like, ModelShape shape) {
  const Mixer& mixer = like.blocks.front().mixer;
  RwkvShape rwkv{.version = rwkv_version(mixer),
                 .layers = shape.layers,
                 .hidden_size = shape.hidden_size,
                 .vocabulary = like.vocabulary};
  if (rwkv.version > 4) rwkv.head_size = head_size_of(mixer);
  if (const auto* six = std::get_if<Rwkv6TimeMix>(&mixer)) {
    rwkv.mix_rank = six->mix_rank;
    rwkv.decay_rank = six->decay_rank;
  }
  if (rwkv.version == 7) {
    const auto ranks = [&](RankRule rule) {
      return rwkv7_ranks(rule, shape.hidden_size, shape.layers, rwkv.head_size);
    };
    const std::optional<Rwkv7Ranks> published = ranks(RankRule::published);
    rwkv.ranks = published ? *published : *ranks(RankRule::current);
  }
  return rwkv_model(rwkv);
}

/// The largest divisor of `number` that is at most `most`.
int divisor_up_to(int number, int most) {
  int divisor = std::min(number, most);
  while (number % divisor != 0)
    --divisor;
  return divisor;
}

int in_proportion(int part, int whole, int new_whole) {
  return static_cast<int>(std::lround(static_cast<double>(part) * new_whole / whole));
}

Model resized_transformer(const Model& like, ModelShape shape) {
  Model model = like;
  model.hidden_size = shape.hidden_size;
  model.layers.assign(static_cast<std::size_t>(shape.layers), 0);
  Layer& layer = model.blocks.front();
  auto& attention = std::get<Attention>(layer.mixer);
  const bool shared = attention.kv_heads < attention.heads;
  attention.heads = std::max(1, in_proportion(attention.heads, like.hidden_size, shape.hidden_size));
  attention.kv_heads = shared ? divisor_up_to(attention.heads, attention.kv_heads) : attention.heads;
  auto& mlp = std::get<Mlp>(layer.feed_forward);
  constexpr int unit = 128;
  mlp.intermediate_size =
      unit * std::max(1, in_proportion(mlp.intermediate_size, like.hidden_size * unit, shape.hidden_size));
  return model;
}

double body_of(ModelShape shape) {
  return static_cast<double>(shape.layers) * shape.hidden_size * shape.hidden_size;
}

double between(double a, double b, double t) {
  return a * std::pow(b / a, t);
}

/// The shape of about `body` whose width is nearest to `width`.
ModelShape shape_near(double width, double body, int unit) {
  const int wide = unit * std::max(1, static_cast<int>(std::lround(width / unit)));
  const double layers = body / (static_cast<double>(wide) * wide);
  return {std::max(1, static_cast<int>(std::lround(layers))), wide};
}

}  // namespace

ModelShape shape_of(const Model& model) {
  return {static_cast<int>(model.layers.size()), model.hidden_size};
}

bool is_resizable(const Model& model) {
  if (model.blocks.empty() || model.layers.empty() || !model.encoder_layers.empty() ||
      model.predicted_tokens > 0)
    return false;
  const int version = rwkv_version(model.blocks.front().mixer);
  if (version > 0) {
    return std::all_of(model.blocks.begin(), model.blocks.end(), [&](const Layer& layer) {
      return rwkv_version(layer.mixer) == version && std::holds_alternative<ChannelMix>(layer.feed_forward);
    });
  }
  const Layer& layer = model.blocks.front();
  const auto* attention = std::get_if<Attention>(&layer.mixer);
  return model.blocks.size() == 1 && attention != nullptr && attention->attends == Attends::causal &&
         attention->relative_buckets == 0 && model.embedding_size == 0 && !layer.cross_attention &&
         !layer.parallel_attention && std::holds_alternative<Mlp>(layer.feed_forward);
}

int width_unit(const Model& like) {
  constexpr int matrix_unit = 128;
  const int whole = std::lcm(matrix_unit, head_size_of(like.blocks.front().mixer));
  constexpr int coarsest = 512;
  return whole <= coarsest ? whole : head_size_of(like.blocks.front().mixer);
}

Model resized(const Model& like, ModelShape shape, std::string name) {
  const bool rwkv = rwkv_version(like.blocks.front().mixer) > 0;
  Model model = rwkv ? resized_rwkv(like, shape) : resized_transformer(like, shape);
  model.name = std::move(name);
  model.family = like.family;
  return model;
}

std::vector<ModelShape> shapes_between(std::span<const ModelShape> known, int unit, double step,
                                       double beyond) {
  std::vector<ModelShape> anchors(known.begin(), known.end());
  std::sort(anchors.begin(), anchors.end(),
            [](ModelShape a, ModelShape b) { return body_of(a) < body_of(b); });
  std::vector<ModelShape> shapes;
  const auto add = [&](ModelShape shape) {
    const auto has = [&](const std::vector<ModelShape>& list) {
      return std::find(list.begin(), list.end(), shape) != list.end();
    };
    if (!has(anchors) && !has(shapes)) shapes.push_back(shape);
  };
  const auto steps_to = [&](double ratio) {
    return std::max(1, static_cast<int>(std::ceil(std::log(ratio) / std::log(step))));
  };
  for (std::size_t i = 0; i + 1 < anchors.size(); ++i) {
    const ModelShape small = anchors[i];
    const ModelShape large = anchors[i + 1];
    const int steps = steps_to(body_of(large) / body_of(small));
    const auto [fewest, most] = std::minmax(small.layers, large.layers);
    for (int k = 1; k < steps; ++k) {
      const double t = static_cast<double>(k) / steps;
      ModelShape shape = shape_near(between(small.hidden_size, large.hidden_size, t),
                                    between(body_of(small), body_of(large), t), unit);
      shape.layers = std::clamp(shape.layers, fewest, most);
      add(shape);
    }
  }
  const ModelShape largest = anchors.back();
  for (int k = 1, steps = beyond > 1.0 ? steps_to(beyond) : 0; k <= steps; ++k) {
    const double growth = std::pow(beyond, static_cast<double>(k) / steps);
    add(shape_near(largest.hidden_size * std::cbrt(growth), body_of(largest) * growth, unit));
  }
  std::sort(shapes.begin(), shapes.end(), [](ModelShape a, ModelShape b) { return body_of(a) < body_of(b); });
  return shapes;
}

}  // namespace trainbudget
