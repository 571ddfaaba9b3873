#include "io/hf/fields.h"

#include "io/map_reader.h"
#include "io/suggest.h"

#include <algorithm>

#include <fmt/format.h>

namespace trainbudget::io::hf {
namespace {

constexpr int most = 1 << 24;

}  // namespace

Fields::Fields(const YamlNode& node, std::string prefix) : node_(&node), prefix_(std::move(prefix)) {
  if (node.kind != YamlNode::Kind::mapping) {
    throw InputError(node.location, prefix_.empty()
                                        ? "a config.json is one JSON object"
                                        : "'" + prefix_.substr(0, prefix_.size() - 1) + "' is not an object");
  }
}

const YamlNode* Fields::find(std::string_view key) {
  asked_.emplace(key);
  const YamlNode* value = value_of(*node_, key);
  return value == nullptr || value->kind == YamlNode::Kind::null ? nullptr : value;
}

const YamlNode& Fields::require(std::string_view key) {
  if (const YamlNode* found = find(key)) return *found;
  throw InputError({.file = node_->location.file}, "the field '" + prefix_ + std::string(key) +
                                                       "' is missing, and the parameters depend on it");
}

void Fields::note_default(std::string_view key, const std::string& value) {
  defaults_.push_back(prefix_ + std::string(key) + " = " + value);
}

bool Fields::has(std::string_view key) {
  return find(key) != nullptr;
}

bool Fields::mentions(std::string_view key) {
  asked_.emplace(key);
  return std::any_of(node_->entries.begin(), node_->entries.end(),
                     [&](const YamlNode::Entry& entry) { return entry.key == key; });
}

int Fields::integer(std::string_view key) {
  return static_cast<int>(read_integer(require(key), 0, most));
}

int Fields::integer(std::string_view key, int fallback) {
  if (has(key)) return integer(key);
  note_default(key, std::to_string(fallback));
  return fallback;
}

int Fields::integer_of(std::string_view key, std::string_view other) {
  const bool second = !has(key) && has(other);
  return integer(second ? other : key);
}

int Fields::layers(std::string_view key) {
  return static_cast<int>(read_integer(require(key), 1, 10000));
}

int Fields::factor(std::string_view key, int fallback) {
  if (has(key)) return static_cast<int>(read_integer(require(key), 1, 256));
  note_default(key, std::to_string(fallback));
  return fallback;
}

bool Fields::boolean(std::string_view key) {
  return read_bool(require(key));
}

bool Fields::boolean(std::string_view key, bool fallback) {
  if (has(key)) return boolean(key);
  note_default(key, fallback ? "true" : "false");
  return fallback;
}

std::string Fields::text(std::string_view key) {
  return read_string(require(key));
}

std::string Fields::text(std::string_view key, std::string_view fallback) {
  if (has(key)) return text(key);
  note_default(key, std::string(fallback));
  return std::string(fallback);
}

double Fields::number(std::string_view key, double fallback) {
  if (has(key)) return read_number(require(key), 0.0, most);
  note_default(key, fmt::format("{}", fallback));
  return fallback;
}

int Fields::multiple(std::string_view key, int fallback, int size) {
  return size_by(key, static_cast<double>(factor(key, fallback)) * size);
}

int Fields::size_by(std::string_view key, double size) {
  constexpr double largest = 4.0 * most;
  if (size > largest) refuse(key, fmt::format("gives a size of {:.3g}, which no model has", size));
  return static_cast<int>(size);
}

std::vector<std::string> Fields::texts(std::string_view key) {
  return read_strings(require(key));
}

std::vector<int> Fields::integers(std::string_view key) {
  if (require(key).kind == YamlNode::Kind::scalar) return {integer(key)};
  std::vector<int> values;
  for (const YamlNode& item : require(key).items)
    values.push_back(static_cast<int>(read_integer(item, 0, most)));
  return values;
}

Fields Fields::nested(std::string_view key) {
  return Fields(require(key), prefix_ + std::string(key) + ".");
}

void Fields::absorb(const Fields& nested) {
  defaults_.insert(defaults_.end(), nested.defaults_.begin(), nested.defaults_.end());
  for (const std::string& key : nested.ignored())
    ignored_.push_back(key);
}

void Fields::refuse(std::string_view key, const std::string& why, const std::string& hint) {
  throw InputError(require(key).location, "'" + prefix_ + std::string(key) + "': " + why, hint);
}

std::vector<std::string> Fields::ignored() const {
  std::vector<std::string> keys = ignored_;
  for (const YamlNode::Entry& entry : node_->entries) {
    if (asked_.find(entry.key) == asked_.end()) keys.push_back(prefix_ + entry.key);
  }
  return keys;
}

void repeat(Model& model, const Layer& layer, int layers) {
  model.blocks = {layer};
  model.layers.assign(static_cast<std::size_t>(layers), 0);
}

void alternate(Model& model, const Layer& first, const Layer& second, const std::vector<bool>& is_first) {
  model.blocks = {first, second};
  model.layers.clear();
  for (const bool wanted : is_first)
    model.layers.push_back(wanted ? 0 : 1);
}

Attention grouped_attention(Fields& fields, int hidden_size, const AttentionDefaults& defaults) {
  const int heads = defaults.heads > 0 ? fields.integer("num_attention_heads", defaults.heads)
                                       : fields.integer("num_attention_heads");
  if (heads < 1) fields.refuse("num_attention_heads", "must be positive");
  // Only what is left out has the default of the class; null means that it follows from the heads.
  const bool own_kv = defaults.kv_heads > 0 && !fields.mentions("num_key_value_heads");
  const bool own_size = defaults.head_size > 0 && !fields.mentions("head_dim");
  if (!own_size && !fields.has("head_dim") && hidden_size % heads != 0)
    fields.refuse("num_attention_heads", "does not divide hidden_size, and 'head_dim' is missing");
  return {.heads = heads,
          .kv_heads = fields.integer("num_key_value_heads", own_kv ? defaults.kv_heads : heads),
          .head_size = fields.integer("head_dim", own_size ? defaults.head_size : hidden_size / heads),
          .rotary = true};
}

int sliding_window(Fields& fields, int fallback) {
  if (fields.has("sliding_window")) return fields.integer("sliding_window");
  return fallback == 0 || fields.mentions("sliding_window") ? 0 : fields.integer("sliding_window", fallback);
}

std::vector<int> layer_kinds(Fields& fields, std::string_view key, int layers,
                             const std::vector<std::pair<std::string_view, int>>& words) {
  const std::vector<std::string> given = fields.texts(key);
  if (given.size() != static_cast<std::size_t>(layers))
    fields.refuse(key, "has not one entry for each layer");
  std::vector<int> kinds;
  kinds.reserve(given.size());
  for (const std::string& word : given) {
    const auto known =
        std::find_if(words.begin(), words.end(), [&](const auto& pair) { return pair.first == word; });
    if (known == words.end()) {
      std::vector<std::string_view> all;
      all.reserve(words.size());
      for (const auto& [name, kind] : words)
        all.push_back(name);
      fields.refuse(key, "'" + word + "' is no kind of layer of this model type",
                    did_you_mean_or_list(word, all));
    }
    kinds.push_back(known->second);
  }
  return kinds;
}

std::vector<bool> layers_of_kind(Fields& fields, std::string_view key, int layers,
                                 const std::vector<std::pair<std::string_view, int>>& words) {
  const std::vector<int> kinds = layer_kinds(fields, key, layers, words);
  std::vector<bool> is_one(kinds.size());
  std::transform(kinds.begin(), kinds.end(), is_one.begin(), [](int kind) { return kind == 1; });
  return is_one;
}

void read_outline(Fields& fields, Model& model, bool tied, int vocabulary) {
  model.vocabulary = vocabulary > 0 ? fields.integer("vocab_size", vocabulary) : fields.integer("vocab_size");
  model.hidden_size = fields.integer("hidden_size");
  model.tied_head = fields.boolean("tie_word_embeddings", tied);
  model.norm = NormKind::rms;
}

std::vector<bool> sliding_layers(Fields& fields, int layers, int period) {
  if (fields.has("layer_types"))
    return layers_of_kind(fields, "layer_types", layers, {{"full_attention", 0}, {"sliding_attention", 1}});
  std::vector<bool> sliding(static_cast<std::size_t>(layers), false);
  for (std::size_t i = 0; period > 1 && i < sliding.size(); ++i) {
    sliding[i] = (i + 1) % static_cast<std::size_t>(period) != 0;
  }
  return sliding;
}

void place_windows(Model& model, const Layer& layer, int window, const std::vector<bool>& sliding,
                   bool full_rotary) {
  Layer local = layer;
  Layer full = layer;
  std::get<Attention>(local.mixer).window = window;
  auto& attention = std::get<Attention>(full.mixer);
  attention.rotary = attention.rotary && full_rotary;
  alternate(model, local, full, sliding);
}

void read_windows(Fields& fields, Model& model, const Layer& layer, int layers, int period, int fallback,
                  bool full_rotary) {
  const int window = sliding_window(fields, fallback);
  if (window == 0) {
    fields.mentions("layer_types");  // nothing slides
    return repeat(model, layer, layers);
  }
  place_windows(model, layer, window, sliding_layers(fields, layers, period), full_rotary);
}

void ungated_layers(Fields& fields, Model& model) {
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  repeat(model,
         {.mixer = attention,
          .feed_forward = Mlp{.intermediate_size = fields.integer("intermediate_size"),
                              .bias = fields.boolean("mlp_bias", false)}},
         fields.layers("num_hidden_layers"));
}

Mlp gated_mlp(Fields& fields, bool bias) {
  return {.intermediate_size = fields.integer("intermediate_size"), .gated = true, .bias = bias};
}

}  // namespace trainbudget::io::hf
