#include "io/hf_config.h"

#include "core/arch/rwkv_model.h"
#include "io/hf/fields.h"
#include "io/json_text.h"
#include "io/suggest.h"

#include <algorithm>

namespace trainbudget::io {
namespace {

using hf::Fields;

std::vector<hf::ModelType> all_types() {
  std::vector<hf::ModelType> types = hf::dense_types();
  for (const auto& more :
       {hf::recent_dense_types(), hf::expert_types(), hf::recent_expert_types(), hf::recurrent_types(),
        hf::qwen_hybrid_types(), hf::recent_hybrid_types(), hf::fla_types()})
    types.insert(types.end(), more.begin(), more.end());
  return types;
}

/// "7", "x070" and "v7" name the same version. The training code calls the option `my_testing`.
int rwkv_version(Fields& fields) {
  const std::string_view key = !fields.has("version") && fields.has("my_testing") ? "my_testing" : "version";
  const std::string text = fields.text(key);
  constexpr std::pair<std::string_view, int> words[] = {
      {"4", 4}, {"x040", 4}, {"5", 5}, {"5.2", 5}, {"x052", 5}, {"6", 6}, {"x060", 6}, {"7", 7}, {"x070", 7}};
  const std::string_view plain =
      text.starts_with('v') ? std::string_view(text).substr(1) : std::string_view(text);
  for (const auto& [word, version] : words) {
    if (plain == word) return version;
  }
  fields.refuse(key, "'" + text + "' is no version of RWKV; one of 4, 5.2, 6, 7");
}

void read_rwkv7_ranks(Fields& fields, RwkvShape& shape) {
  const std::string rule = fields.text("ranks", "published");
  const auto* const word = std::find(rank_rule_words.begin(), rank_rule_words.end(), rule);
  if (word == rank_rule_words.end())
    fields.refuse("ranks", "'" + rule + "' is no rule", did_you_mean_or_list(rule, rank_rule_words));
  const auto chosen = static_cast<RankRule>(word - rank_rule_words.begin());
  const std::optional<Rwkv7Ranks> known =
      rwkv7_ranks(chosen, shape.hidden_size, shape.layers, shape.head_size);
  if (known) {
    shape.ranks = {.decay = fields.integer("decay_rank", known->decay),
                   .learning_rate = fields.integer("learning_rate_rank", known->learning_rate),
                   .value = fields.integer("value_rank", known->value),
                   .gate = fields.integer("gate_rank", known->gate)};
  } else {
    shape.ranks = {.decay = fields.integer("decay_rank"),
                   .learning_rate = fields.integer("learning_rate_rank"),
                   .value = fields.integer("value_rank"),
                   .gate = fields.integer("gate_rank")};
  }
}

/// The options of RWKV's own training code.
void read_rwkv(Fields& fields, Model& model) {
  RwkvShape shape{.version = rwkv_version(fields),
                  .layers = fields.layers("n_layer"),
                  .hidden_size = fields.integer("n_embd"),
                  .vocabulary = fields.integer("vocab_size")};
  if (shape.version > 4)
    shape.head_size =
        fields.has("head_size_a") ? fields.integer("head_size_a") : fields.integer("head_size", 64);
  if (fields.has("dim_att") && fields.integer("dim_att") != 0 &&
      fields.integer("dim_att") != shape.hidden_size)
    fields.refuse("dim_att", "only n_embd is supported");
  // RWKV-7's own code ignores dim_ffn.
  if (shape.version != 7 && fields.has("dim_ffn") && fields.integer("dim_ffn") != 0)
    shape.intermediate_size = fields.integer("dim_ffn");
  if (shape.version == 6) {
    shape.mix_rank = fields.integer("mix_rank", 32);
    shape.decay_rank = fields.integer("decay_rank", 64);
  }
  if (shape.version == 7) read_rwkv7_ranks(fields, shape);
  model = rwkv_model(shape);
  model.family = "rwkv-" + std::to_string(shape.version);
}

/// The configurations of state-spaces/mamba.
void read_mamba(Fields& fields, Model& model) {
  model.hidden_size = fields.integer("d_model");
  const int multiple = std::max(1, fields.integer("pad_vocab_size_multiple", 8));
  model.vocabulary = (fields.integer("vocab_size") + multiple - 1) / multiple * multiple;
  model.tied_head = fields.boolean("tie_embeddings", true);
  Fields state = fields.nested("ssm_cfg");
  const std::string layer_word = state.text("layer", "Mamba1");
  const bool second = layer_word == "Mamba2";
  if (!second && layer_word != "Mamba1") state.refuse("layer", "only Mamba1 and Mamba2 are supported");
  if (state.has("d_ssm")) state.refuse("d_ssm", "is not supported");
  const int inner = state.multiple("expand", 2, model.hidden_size);
  if (fields.has("attn_layer_idx") && !fields.integers("attn_layer_idx").empty()) {
    fields.refuse("attn_layer_idx", "hybrids in this format are not supported");
  }
  if (fields.integer("d_intermediate", 0) != 0) fields.refuse("d_intermediate", "only 0 is supported");
  Layer layer;
  if (second) {
    const int head_size = state.integer("headdim", 64);
    if (head_size < 1) state.refuse("headdim", "must be positive");
    layer.mixer = Mamba2{.heads = inner / head_size,
                         .head_size = head_size,
                         .state_size = state.integer("d_state", 128),
                         .groups = state.integer("ngroups", 1),
                         .conv_size = state.integer("d_conv", 4)};
  } else {
    layer.mixer = Mamba1{.inner_size = inner,
                         .state_size = state.integer("d_state", 16),
                         .conv_size = state.integer("d_conv", 4),
                         .step_rank = state.integer("dt_rank", (model.hidden_size + 15) / 16)};
  }
  fields.absorb(state);
  model.family = second ? "mamba2" : "mamba";
  hf::repeat(model, layer, fields.layers("n_layer"));
}

constexpr std::string_view no_piece =
    "no kind of layer describes it yet; --params 1.3B reckons by the rule of thumb";

/// Types that are met, and what to do with them.
constexpr std::pair<std::string_view, std::string_view> refused_types[] = {
    {"rwkv5", "write the keys of RWKV's own code instead: n_layer, n_embd, vocab_size, \"version\": \"5.2\""},
    {"rwkv6",
     "write the keys of RWKV's own code instead: n_layer, n_embd, vocab_size, \"version\": \"6\"; "
     "flash-linear-attention's RWKV-6 has other shapes, which no kind of layer describes yet"},
    {"kda", "describe the model in a YAML file, its layers by gated_delta_net with a decay_rank"},
    {"gla", no_piece},
    {"delta_net", no_piece},
    {"retnet", no_piece}};

void read_typed(Fields& fields, Model& model) {
  const std::string type = fields.text("model_type");
  model.family = type;
  for (const hf::ModelType& known : all_types()) {
    if (known.name == type) {
      known.build(fields, model);
      model.family = type;
      return;
    }
  }
  for (const auto& [refused, hint] : refused_types) {
    if (refused == type)
      fields.refuse("model_type", "the model type '" + type + "' is not supported", std::string(hint));
  }
  // No nearest name: a program wrote the type, and another one's layers would be a wrong number.
  std::string known;
  for (const std::string& name : hf_model_types())
    known += (known.empty() ? "" : ", ") + name;
  fields.refuse("model_type", "the model type '" + type + "' is not supported", "these are: " + known);
}

/// Kinds of layer that a type may have and this model has not would still be asked whether they divide.
void drop_unused_blocks(Model& model) {
  std::vector<int> place(model.blocks.size(), -1);
  std::vector<Layer> used;
  const auto keep = [&](int& block) {
    int& now = place[static_cast<std::size_t>(block)];
    if (now < 0) {
      now = static_cast<int>(used.size());
      used.push_back(model.blocks[static_cast<std::size_t>(block)]);
    }
    block = now;
  };
  std::for_each(model.encoder_layers.begin(), model.encoder_layers.end(), keep);
  std::for_each(model.layers.begin(), model.layers.end(), keep);
  if (model.predicted_tokens > 0) {
    keep(model.prediction_block);
  } else {
    model.prediction_block = 0;
  }
  model.blocks = std::move(used);
}

HfModel finish(const Fields& fields, Model model, const YamlNode& root) {
  if (std::string wrong = problem(model); !wrong.empty())
    throw InputError({.file = root.location.file}, wrong);
  drop_unused_blocks(model);
  return {.model = std::move(model), .ignored = fields.ignored(), .defaults = fields.defaults()};
}

constexpr const char* only_language = ": only the language model is counted";

HfModel read_root(const YamlNode& root) {
  Fields fields(root);
  Model model;
  if (!fields.has("model_type")) {
    if (fields.has("ssm_cfg")) {
      read_mamba(fields, model);
    } else if (fields.has("version") || (fields.has("n_embd") && fields.has("n_layer"))) {
      read_rwkv(fields, model);
    } else {
      (void)fields.text("model_type");  // throws: the field is missing
    }
    return finish(fields, std::move(model), root);
  }
  if (!fields.has("text_config")) {
    read_typed(fields, model);
    HfModel read = finish(fields, std::move(model), root);
    for (const std::string& key : read.ignored)
      if (key == "vision_config" || key == "audio_config") read.notes.push_back(key + only_language);
    return read;
  }
  Fields language = fields.nested("text_config");
  read_typed(language, model);
  // The head belongs to the whole model: what is said of it outside holds where nothing is said inside.
  if (fields.has("tie_word_embeddings")) {
    const bool tied = fields.boolean("tie_word_embeddings");
    if (!language.has("tie_word_embeddings")) model.tied_head = tied;
  }
  HfModel read = finish(language, std::move(model), root);
  for (std::string& key : fields.ignored()) {
    if (key.ends_with("_config")) read.notes.push_back(key + only_language);
    read.ignored.push_back(std::move(key));
  }
  return read;
}

}  // namespace

HfModel read_hf_config_file(const std::string& path) {
  return read_root(read_json_file(path, NotFinite::null));
}

HfModel read_hf_config(std::string_view text, const std::string& file) {
  return read_root(parse_json(text, file, NotFinite::null));
}

std::vector<std::string> hf_model_types() {
  std::vector<std::string> names;
  for (const hf::ModelType& type : all_types())
    names.emplace_back(type.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace trainbudget::io
