#include "io/model_file.h"

#include "core/arch/rwkv_model.h"
#include "io/component_reader.h"
#include "io/model_family.h"
#include "io/sourced_reader.h"
#include "io/suggest.h"

namespace trainbudget::io {
namespace {

int read_size(const YamlNode& node, int most = 1 << 24) {
  return static_cast<int>(read_integer(node, 1, most));
}

void read_flag(MapReader& map, std::string_view key, bool& flag) {
  if (const YamlNode* node = map.find(key)) flag = read_bool(*node);
}

/// Reads whichever alternative of `Component` the mapping has under its word; at most one.
template <std::size_t I = 1, class Component>
void read_alternative(MapReader& map, Component& component) {
  if constexpr (I < std::variant_size_v<Component>) {
    using T = std::variant_alternative_t<I, Component>;
    if (const YamlNode* node = map.find(T::word)) {
      if (component.index() != 0)
        throw InputError(node->location, "a layer has one mixer and one feed-forward");
      component = read_component<T>(*node);
    }
    read_alternative<I + 1>(map, component);
  }
}

Layer read_layer(const YamlNode& node) {
  MapReader map(node, "layer");
  Layer layer;
  read_alternative(map, layer.mixer);
  read_alternative(map, layer.feed_forward);
  if (const YamlNode* cross = map.find("cross_attention")) {
    layer.cross_attention = read_component<Attention>(*cross);
    layer.cross_attention->attends = Attends::cross;
  }
  if (const YamlNode* beside = map.find("parallel_attention"))
    layer.parallel_attention = read_component<Attention>(*beside);
  read_flag(map, "pre_norm", layer.pre_norm);
  read_flag(map, "post_norm", layer.post_norm);
  read_flag(map, "parallel", layer.parallel);
  read_flag(map, "shared_norm", layer.shared_norm);
  map.finish();
  return layer;
}

/// Kinds of layer by name, and lists of layers in those names.
class Blocks {
 public:
  Blocks(const YamlNode& node, Model& model) {
    MapReader map(node, "blocks");
    for (const YamlNode::Entry& entry : node.entries) {
      map.find(entry.key);
      names_.push_back(entry.key);
      model.blocks.push_back(read_layer(entry.value));
    }
  }

  int index(const YamlNode& name) const {
    const std::string text = read_string(name);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == text) return static_cast<int>(i);
    }
    throw InputError(name.location, "unknown block '" + text + "'", did_you_mean_any(text, names_));
  }

  /// A sequence whose items are the name of a block, or {repeat: N, of: [items]}.
  std::vector<int> list(const YamlNode& node) const {
    if (node.kind != YamlNode::Kind::sequence) throw InputError(node.location, "expected a list of blocks");
    std::vector<int> layers;
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::mapping) {
        layers.push_back(index(item));
        continue;
      }
      MapReader map(item, "repeated blocks");
      const long long times = read_integer(map.require("repeat"), 1, most_layers);
      const YamlNode& of = map.require("of");
      const std::vector<int> once = of.kind == YamlNode::Kind::sequence ? list(of) : std::vector{index(of)};
      map.finish();
      if (static_cast<long long>(once.size()) * times + static_cast<long long>(layers.size()) > most_layers) {
        throw InputError(item.location, "more than " + std::to_string(most_layers) + " layers");
      }
      for (long long i = 0; i < times; ++i)
        layers.insert(layers.end(), once.begin(), once.end());
    }
    return layers;
  }

 private:
  std::vector<std::string> names_;
};

Rwkv7Ranks read_ranks(const YamlNode& node, const RwkvShape& shape) {
  if (node.kind == YamlNode::Kind::mapping) {
    MapReader map(node, "ranks");
    const Rwkv7Ranks ranks{.decay = read_size(map.require("decay"), 65536),
                           .learning_rate = read_size(map.require("learning_rate"), 65536),
                           .value = read_size(map.require("value"), 65536),
                           .gate = read_size(map.require("gate"), 65536)};
    map.finish();
    return ranks;
  }
  const auto rule = static_cast<RankRule>(read_word(node, "rule for ranks", rank_rule_words));
  const std::optional<Rwkv7Ranks> ranks = rwkv7_ranks(rule, shape.hidden_size, shape.layers, shape.head_size);
  if (!ranks) {
    throw InputError(
        node.location, "no RWKV-7 checkpoint of this shape was published",
        "give the ranks as {decay, learning_rate, value, gate}, or the rule 'original' or 'current'");
  }
  return *ranks;
}

void read_rwkv(const YamlNode& node, Model& model) {
  MapReader map(node, "rwkv");
  RwkvShape shape{.version = static_cast<int>(read_integer(map.require("version"), 4, 7)),
                  .layers = read_size(map.require("layers"), most_layers),
                  .hidden_size = read_size(map.require("hidden_size")),
                  .vocabulary = read_size(map.require("vocabulary"))};
  if (const YamlNode* size = map.find("intermediate_size")) shape.intermediate_size = read_size(*size);
  if (shape.version > 4) {
    if (const YamlNode* size = map.find("head_size")) shape.head_size = read_size(*size, 1024);
  }
  if (shape.version == 6) {
    if (const YamlNode* rank = map.find("mix_rank")) shape.mix_rank = read_size(*rank, 65536);
    if (const YamlNode* rank = map.find("decay_rank")) shape.decay_rank = read_size(*rank, 65536);
  }
  if (shape.version == 7) {
    shape.ranks = read_ranks(map.require("ranks"), shape);
    if (const YamlNode* first = map.find("first_layer_value_residual")) {
      shape.first_layer =
          static_cast<ValueResidual>(read_word(*first, "value residual", value_residual_words));
    }
  }
  map.finish();
  Model rwkv = rwkv_model(shape);
  rwkv.name = model.name;
  rwkv.family = model.family;
  model = std::move(rwkv);
}

void read_shape(MapReader& map, Model& model) {
  model.hidden_size = read_size(map.require("hidden_size"));
  model.vocabulary = read_size(map.require("vocabulary"));
  model.norm = static_cast<NormKind>(read_word(map.require("norm"), "norm", norm_words));
  model.tied_head = read_bool(map.require("tied_head"));
  read_flag(map, "head_bias", model.head_bias);
  read_flag(map, "logit_soft_cap", model.logit_soft_cap);
  read_flag(map, "embedding_norm", model.embedding_norm);
  read_flag(map, "final_norm", model.final_norm);
  read_flag(map, "dropout", model.dropout);
  if (const YamlNode* rows = map.find("learned_positions")) model.learned_positions = read_size(*rows);
  if (const YamlNode* rows = map.find("reserved_positions")) model.reserved_positions = read_size(*rows);
  if (const YamlNode* width = map.find("embedding_size")) model.embedding_size = read_size(*width);

  const YamlNode& layers = map.require("layers");
  if (const YamlNode* layer = map.find("layer")) {
    model.blocks.push_back(read_layer(*layer));
    model.layers.assign(static_cast<std::size_t>(read_integer(layers, 1, most_layers)), 0);
    return;
  }
  const Blocks blocks(map.require("blocks"), model);
  model.layers = blocks.list(layers);
  if (const YamlNode* encoder = map.find("encoder_layers")) model.encoder_layers = blocks.list(*encoder);
  if (const YamlNode* prediction = map.find("prediction")) {
    MapReader module(*prediction, "prediction");
    model.predicted_tokens = read_size(module.require("tokens"), 64);
    model.prediction_block = blocks.index(module.require("block"));
    module.finish();
  }
}

PublishedParameters read_published(const YamlNode& node) {
  MapReader map(node, "parameters");
  PublishedParameters published{
      .count = read_quantity<double>(map.require("published")),
      .provenance = {.origin = Origin::published, .source = read_string(map.require("source"))}};
  if (const YamlNode* origin = map.find("origin")) {
    constexpr std::string_view words[] = {"published", "assumed"};
    if (read_word(*origin, "origin", words) == 1) published.provenance.origin = Origin::assumed;
  }
  if (const YamlNode* step = map.find("rounded_to")) published.rounded_to = read_quantity<double>(*step);
  if (const YamlNode* difference = map.find("difference")) {
    constexpr long long most = 1LL << 50;
    published.difference = static_cast<double>(read_integer(*difference, -most, most));
    published.reason = read_string(map.require("reason"));
  }
  if (const YamlNode* with = map.find("with_prediction")) published.with_prediction = read_bool(*with);
  map.finish();
  return published;
}

}  // namespace

ModelProfile read_model(const YamlNode& root) {
  MapReader map(root, "model profile");
  check_schema(map, "trainbudget/model/1");
  ModelProfile profile;
  profile.model.name = read_string(map.require("name"));
  profile.model.family = read_string(map.require("family"));
  profile.title = read_string(map.require("title"));
  profile.source = read_string(map.require("source"));
  if (const YamlNode* aliases = map.find("aliases")) profile.aliases = read_strings(*aliases);
  if (const YamlNode* published = map.find("parameters")) profile.published = read_published(*published);
  if (const YamlNode* notes = map.find("notes")) profile.notes = read_strings(*notes);
  if (const YamlNode* rwkv = map.find("rwkv")) {
    read_rwkv(*rwkv, profile.model);
  } else {
    read_shape(map, profile.model);
  }
  map.finish();
  if (const std::string wrong = problem(profile.model); !wrong.empty())
    throw InputError(root.location, wrong);
  return profile;
}

ModelProfile read_model_file(const std::string& path) {
  ModelProfile profile = read_model(read_yaml_file(path));
  check_file_name(path, profile.model.name);
  return profile;
}

ModelProfile find_model(const ProfileFolder& profiles, const std::string& name, const Location& where) {
  if (is_family_model(name)) return read_family_model(profiles, name, where);
  return read_model_file(profiles.find(model_profiles, name, where));
}

std::vector<ModelProfile> read_all_models(const ProfileFolder& profiles) {
  std::vector<ModelProfile> all;
  for (const std::string& name : profiles.names(model_profiles))
    all.push_back(read_model_file(profiles.file(model_profiles, name)));
  return all;
}

}  // namespace trainbudget::io
