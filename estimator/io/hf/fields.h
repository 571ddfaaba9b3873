// The fields of one Hugging Face config.json: which are asked for, which fall back to the default of their
// model type, and which nobody asked for.
#pragma once

#include "core/model.h"
#include "io/yaml_node.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trainbudget::io::hf {

class Fields {
 public:
  /// `prefix` is how a nested mapping is called in messages ("text_config.").
  explicit Fields(const YamlNode& node, std::string prefix = {});

  /// Whether the field is there and not null. Counts as asked for.
  bool has(std::string_view key);
  /// Whether the field is there, if only as null. Counts as asked for.
  bool mentions(std::string_view key);

  // A missing or null field is an error that names the file and the field.
  int integer(std::string_view key);
  bool boolean(std::string_view key);
  std::string text(std::string_view key);

  // A missing or null field has the default of the model type, which is noted.
  int integer(std::string_view key, int fallback);
  bool boolean(std::string_view key, bool fallback);
  std::string text(std::string_view key, std::string_view fallback);
  double number(std::string_view key, double fallback);
  /// The integer under the first of two names that is there (`n_embed`, `hidden_size`).
  int integer_of(std::string_view key, std::string_view other);

  /// A number of layers: at most 10000.
  int layers(std::string_view key);
  /// A small factor, at most 256, with the default of the model type.
  int factor(std::string_view key, int fallback);

  /// `size` as often as the factor under `key` says.
  int multiple(std::string_view key, int fallback, int size);
  /// A size that follows from the field `key`: refused where no model has it.
  int size_by(std::string_view key, double size);

  std::vector<std::string> texts(std::string_view key);
  /// A list, or one number that stands for all.
  std::vector<int> integers(std::string_view key);
  /// A nested mapping; absorb() it when it has been read, so that its defaults and ignored fields are known.
  Fields nested(std::string_view key);
  void absorb(const Fields& nested);

  /// Throws: the model cannot be built as this field says.
  [[noreturn]] void refuse(std::string_view key, const std::string& why, const std::string& hint = {});

  std::vector<std::string> ignored() const;
  const std::vector<std::string>& defaults() const { return defaults_; }

 private:
  const YamlNode* find(std::string_view key);
  const YamlNode& require(std::string_view key);
  void note_default(std::string_view key, const std::string& value);

  const YamlNode* node_;
  std::string prefix_;
  std::set<std::string, std::less<>> asked_;
  std::vector<std::string> defaults_;
  std::vector<std::string> ignored_;  ///< of absorbed mappings
};

/// Fills `model` from the fields of one model type.
using Builder = void (*)(Fields& fields, Model& model);

struct ModelType {
  std::string_view name;  ///< config.json's `model_type`
  Builder build;
};

/// The supported types; one table for each file of builders.
std::vector<ModelType> dense_types();
std::vector<ModelType> recent_dense_types();
std::vector<ModelType> expert_types();
std::vector<ModelType> recent_expert_types();
std::vector<ModelType> recurrent_types();
std::vector<ModelType> qwen_hybrid_types();
std::vector<ModelType> recent_hybrid_types();
std::vector<ModelType> fla_types();

// Pieces that most types share.

/// `layers` layers of one kind.
void repeat(Model& model, const Layer& layer, int layers);
/// Layers of two kinds: `first` where `is_first` says so.
void alternate(Model& model, const Layer& first, const Layer& second, const std::vector<bool>& is_first);
/// What a model type takes for fields that its configurations may lack. 0: key and value heads are as many as
/// heads, heads share the hidden size, and heads must be there.
struct AttentionDefaults {
  int kv_heads = 0;
  int head_size = 0;
  int heads = 0;
};
/// heads, key and value heads and head size from the usual names; rotary.
Attention grouped_attention(Fields& fields, int hidden_size, const AttentionDefaults& defaults = {});
/// `sliding_window`: 0 where it is null; the default of the model type where it is not there.
int sliding_window(Fields& fields, int fallback);
/// The kind of each layer, by the list of words under `key`: `words` are pairs of a word and its kind, and
/// several may have the same. An unknown word, or another number of them, is an error.
std::vector<int> layer_kinds(Fields& fields, std::string_view key, int layers,
                             const std::vector<std::pair<std::string_view, int>>& words);
/// The same for kinds 0 and 1: whether a layer is of kind 1.
std::vector<bool> layers_of_kind(Fields& fields, std::string_view key, int layers,
                                 const std::vector<std::pair<std::string_view, int>>& words);
/// vocab_size, hidden_size and tie_word_embeddings, whose default differs by type; RMS norms. `vocabulary`:
/// the default of a type whose configurations may lack it.
void read_outline(Fields& fields, Model& model, bool tied, int vocabulary = 0);
/// The layers that use a sliding window, by `layer_types`, else by a period whose last layer is full; all
/// full where it is 1.
std::vector<bool> sliding_layers(Fields& fields, int layers, int period);
/// Layers with a sliding window where `sliding` says so, and layers without; `full_rotary` as below.
void place_windows(Model& model, const Layer& layer, int window, const std::vector<bool>& sliding,
                   bool full_rotary);
/// Layers with a sliding window and layers without, as sliding_layers() has them; all full where the window
/// is null. `fallback`: the window of the model type. `full_rotary`: whether full layers beside sliding ones
/// have the rotary embedding.
void read_windows(Fields& fields, Model& model, const Layer& layer, int layers, int period, int fallback,
                  bool full_rotary = true);
/// Dense first layers, by `first_k_dense_replace` or `mlp_layer_types`, then experts with shared ones;
/// optional prediction modules. `dense`: how many are dense in a type whose configurations may leave it out,
/// or -1.
void deepseek_layers(Fields& fields, Model& model, const Layer& frame, int dense = -1);
/// The latent attention of DeepSeek.
LatentAttention latent_attention(Fields& fields);
/// A gated MLP of `intermediate_size`.
Mlp gated_mlp(Fields& fields, bool bias = false);
/// Layers of grouped attention and an MLP without a gate, both with biases where the configuration asks.
void ungated_layers(Fields& fields, Model& model);
/// Mamba-2 as Bamba and Granite 4 name its fields.
Mamba2 ibm_mamba(Fields& fields, int hidden_size);

}  // namespace trainbudget::io::hf
