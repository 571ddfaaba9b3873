#include "io/recipe_text.h"

#include "io/map_reader.h"
#include "io/trimmed.h"

#include <array>
#include <string_view>

namespace trainbudget::io {
namespace {

constexpr const char* written_like = "a recipe is written like optimizer=adamw_8_bit,lora=16,weights=nf4";

struct WeightFormat {
  std::string_view word;
  double bytes;
};
constexpr std::array<WeightFormat, 3> weight_formats{{{"bf16", 2.0}, {"fp8", 1.0}, {"nf4", 0.5}}};
constexpr std::array<std::string_view, 3> weight_words{weight_formats[0].word, weight_formats[1].word,
                                                       weight_formats[2].word};
constexpr std::array<std::string_view, 3> adapted_words{"attention", "feed_forward", "all"};
constexpr std::array<std::string_view, 2> gradient_words{"fp32", "bf16"};

constexpr long long most_rank = 65536;
constexpr long long most_layers = 100000;

/// "lora=16,weights=nf4" as the mapping that says the same.
YamlNode mapping_of(const YamlNode& list) {
  YamlNode mapping{.kind = YamlNode::Kind::mapping, .location = list.location};
  std::string_view rest = list.text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view item = trimmed(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos)
      throw InputError(list.location, "'" + std::string(item.substr(0, 40)) + "' in a recipe wants a value",
                       written_like);
    const std::string key(trimmed(item.substr(0, equals)));
    if (value_of(mapping, key) != nullptr)
      throw InputError(list.location, "'" + key.substr(0, 40) + "' is given twice in a recipe");
    mapping.entries.push_back({.key = key,
                               .key_location = list.location,
                               .value = {.kind = YamlNode::Kind::scalar,
                                         .text = std::string(trimmed(item.substr(equals + 1))),
                                         .location = list.location}});
  }
  return mapping;
}

Recipe read_mapping(const YamlNode& node) {
  MapReader map(node, "recipe");
  const YamlNode* optimizer = map.find("optimizer");
  const YamlNode* lora = map.find("lora");
  const YamlNode* lora_on = map.find("lora_on");
  const YamlNode* weights = map.find("weights");
  const YamlNode* gradients = map.find("gradients");
  const YamlNode* master = map.find("master_weights");
  const YamlNode* frozen = map.find("frozen_layers");
  map.finish();

  Recipe recipe;
  if (optimizer != nullptr)
    recipe.optimizer = static_cast<Optimizer>(read_word(*optimizer, "optimizer", optimizer_words));
  if (lora != nullptr) {
    recipe.adapters = LowRankAdapters{.rank = static_cast<int>(read_integer(*lora, 1, most_rank))};
    const std::size_t where = lora_on != nullptr ? read_word(*lora_on, "lora_on", adapted_words) : 0;
    recipe.adapters->attention = where != 1;
    recipe.adapters->feed_forward = where != 0;
  } else if (lora_on != nullptr) {
    throw InputError(lora_on->location, "lora_on says where adapters are, but there is no lora",
                     "lora: 16 gives their rank");
  }
  if (weights != nullptr) {
    const WeightFormat& format = weight_formats[read_word(*weights, "weights", weight_words)];
    if (format.bytes < 1.0 && !recipe.adapters)
      throw InputError(weights->location, "weights in 4 bit are not trained themselves",
                       "adapters over them are: lora: 16");
    recipe.weight_bytes = format.bytes;
    if (!recipe.adapters) recipe.trained_weight_bytes = format.bytes;
  }
  if (gradients != nullptr)
    recipe.gradient_bytes = read_word(*gradients, "gradients", gradient_words) == 0 ? 4.0 : 2.0;
  if (master != nullptr) recipe.master_weights = read_bool(*master);
  if (!recipe.master_weights && recipe.trained_weight_bytes < 2.0)
    throw InputError(master->location, "weights in 8 bit are updated in a master copy",
                     "leave master_weights or weights out");
  if (frozen != nullptr) recipe.frozen_layers = static_cast<int>(read_integer(*frozen, 0, most_layers));
  return recipe;
}

std::string_view weights_word(const Recipe& recipe) {
  for (const WeightFormat& format : weight_formats) {
    if (format.bytes == recipe.weight_bytes) return format.word;
  }
  return weight_formats.front().word;
}

std::string_view adapted_word(const LowRankAdapters& adapters) {
  return adapted_words[adapters.feed_forward ? (adapters.attention ? 2 : 1) : 0];
}

std::string_view optimizer_word(const Recipe& recipe) {
  return optimizer_words[static_cast<std::size_t>(recipe.optimizer)];
}

}  // namespace

Recipe read_recipe(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::scalar) {
    if (node.text.empty()) throw InputError(node.location, written_like);
    return read_mapping(mapping_of(node));
  }
  return read_mapping(node);
}

std::string recipe_text(const Recipe& recipe) {
  std::string text = "optimizer=" + std::string(optimizer_word(recipe));
  const auto add = [&](bool unusual, const std::string& item) {
    if (unusual) text += "," + item;
  };
  if (recipe.adapters) {
    add(true, "lora=" + std::to_string(recipe.adapters->rank));
    add(true, "lora_on=" + std::string(adapted_word(*recipe.adapters)));
  }
  add(recipe.weight_bytes != 2.0, "weights=" + std::string(weights_word(recipe)));
  add(recipe.gradient_bytes != 4.0, "gradients=bf16");
  add(!recipe.master_weights, "master_weights=false");
  add(recipe.frozen_layers > 0, "frozen_layers=" + std::to_string(recipe.frozen_layers));
  return text;
}

std::string recipe_description(const Recipe& recipe) {
  constexpr std::array<std::string_view, optimizer_words.size()> names{
      "AdamW", "AdamW of 16-bit moments", "AdamW of 8-bit moments", "Lion", "Muon", "Adafactor",
      "SGD",   "SGD of a momentum"};
  std::string text = "training with " + std::string(names[static_cast<std::size_t>(recipe.optimizer)]);
  if (recipe.adapters)
    text += ", adapters of rank " + std::to_string(recipe.adapters->rank) + " on " +
            (recipe.adapters->feed_forward
                 ? recipe.adapters->attention ? "all matrices of layers" : "feed-forwards"
                 : "attention and time mixing");
  if (recipe.frozen_layers > 0)
    text += ", the first " + std::to_string(recipe.frozen_layers) + " layers frozen";
  text += ": " + std::string(recipe.weight_bytes == 2.0 ? "16-bit" : weights_word(recipe)) + " weights, ";
  const bool wide_gradients = recipe.gradient_bytes == 4.0;
  text += wide_gradients ? "32-bit gradients" : "16-bit gradients";
  if (!recipe.master_weights) {
    text += ", no master weights";
  } else if (recipe.optimizer == Optimizer::adamw) {
    text += std::string(wide_gradients ? "," : ", 32-bit") + " moments and master weights";
  } else {
    text += ", 32-bit master weights";
  }
  if (recipe.saved_input_bytes < 2.0) text += ", inputs of products kept as they are multiplied";
  return text;
}

}  // namespace trainbudget::io
