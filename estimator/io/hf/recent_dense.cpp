// Dense transformers since 2024. Defaults are those of the configuration classes of Hugging Face
// transformers, and for models that bring their own code of that code.
#include "io/hf/fields.h"

#include <algorithm>
#include <cctype>

namespace trainbudget::io::hf {
namespace {

/// Norms only behind each half of a layer, as OLMo 2 has them.
Layer norms_behind(const Attention& attention, const Mlp& mlp) {
  return {.mixer = attention, .feed_forward = mlp, .pre_norm = false, .post_norm = true};
}

void olmo3(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  attention.query_key_norm = QueryKeyNorm::full_width;
  read_windows(fields, model, norms_behind(attention, gated_mlp(fields)), fields.layers("num_hidden_layers"),
               4, 4096);
}

/// One norm for both halves of a layer; no rotary embedding where a layer sees everything.
void cohere2(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  model.norm = NormKind::layer_norm_weight;
  fields.mentions("head_dim");  // the class overwrites it
  const int heads = fields.integer("num_attention_heads");
  if (heads < 1 || model.hidden_size % heads != 0)
    fields.refuse("num_attention_heads", "does not divide hidden_size");
  if (fields.has("head_dim") && fields.integer("head_dim") != model.hidden_size / heads)
    fields.refuse("head_dim", "is not hidden_size ÷ num_attention_heads, which the class takes");
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("attention_bias", false);
  if (fields.boolean("use_qk_norm", false)) fields.refuse("use_qk_norm", "is not supported for cohere2");
  const Layer layer{
      .mixer = attention, .feed_forward = gated_mlp(fields), .parallel = true, .shared_norm = true};
  const int period = fields.has("layer_types") ? 1 : fields.factor("sliding_window_pattern", 4);
  fields.mentions("sliding_window_pattern");
  read_windows(fields, model, layer, fields.layers("num_hidden_layers"), period, 4096, false);
}

void seed_oss(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8, .head_size = 128});
  attention.query_key_value_bias = fields.boolean("attention_bias", true);
  attention.output_bias = fields.boolean("attention_out_bias", false);
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields, fields.boolean("mlp_bias", false))},
         fields.layers("num_hidden_layers"));
}

/// A Llama with a squared ReLU in place of the gate.
void arcee(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  ungated_layers(fields, model);
}

/// The activation has two weights of its own; those that it is made with stay as they are.
void apertus(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  if (!fields.boolean("qk_norm", true)) fields.refuse("qk_norm", "only true is supported: the class has it");
  if (fields.boolean("post_norm", false)) fields.refuse("post_norm", "only false is supported");
  ungated_layers(fields, model);
  Layer& layer = model.blocks.front();
  std::get<Attention>(layer.mixer).query_key_norm = QueryKeyNorm::per_head;
  std::get<Mlp>(layer.feed_forward).learned_activation = fields.text("hidden_act", "xielu") == "xielu";
}

/// "LLLG" over and over: L slides, G sees everything, and so does the last layer, whatever its letter.
std::vector<bool> lettered_layers(Fields& fields, int layers) {
  const std::string letters = fields.text("sliding_window_pattern");
  if (letters.empty() || letters.find_first_not_of("LG") != std::string::npos)
    fields.refuse("sliding_window_pattern", "is neither a number of layers nor letters L and G");
  std::vector<bool> sliding(static_cast<std::size_t>(layers), false);
  for (std::size_t i = 0; i + 1 < sliding.size(); ++i)
    sliding[i] = letters[i % letters.size()] == 'L';
  return sliding;
}

/// Full layers beside sliding ones have no rotary embedding.
void exaone4(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 32});
  attention.query_key_norm = QueryKeyNorm::per_head;
  const Layer layer = norms_behind(attention, gated_mlp(fields));
  const int layers = fields.layers("num_hidden_layers");
  const bool slides = fields.has("sliding_window") || !fields.mentions("sliding_window");
  const bool listed = fields.has("layer_types") || !slides;
  const bool patterned = !listed && fields.has("sliding_window_pattern");
  if (patterned && std::isdigit(static_cast<unsigned char>(fields.text("sliding_window_pattern")[0])) == 0)
    return place_windows(model, layer, sliding_window(fields, 4096), lettered_layers(fields, layers), false);
  const int period = listed ? 1 : fields.factor("sliding_window_pattern", 4);
  fields.mentions("sliding_window_pattern");
  read_windows(fields, model, layer, layers, period, 4096, false);
}

/// EXAONE 3 and 3.5.
void exaone(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  const Mlp mlp{.intermediate_size = fields.integer("intermediate_size", 4 * model.hidden_size),
                .gated = true};
  repeat(model, {.mixer = grouped_attention(fields, model.hidden_size), .feed_forward = mlp},
         fields.layers(fields.has("num_layers") ? "num_layers" : "num_hidden_layers"));
}

void ernie4_5(Fields& fields, Model& model) {
  read_outline(fields, model, true);
  const bool bias = fields.boolean("use_bias", false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 2, .head_size = 128});
  attention.query_key_value_bias = attention.output_bias = bias;
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields, bias)},
         fields.layers("num_hidden_layers"));
}

void glm(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 2, .head_size = 128});
  attention.query_key_value_bias = fields.boolean("attention_bias", true);
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields)}, fields.layers("num_hidden_layers"));
}

void glm4(Fields& fields, Model& model) {
  glm(fields, model);
  model.blocks.front().post_norm = true;
}

void helium(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 20, .head_size = 128});
  if (attention.heads * attention.head_size != model.hidden_size)
    fields.refuse("num_attention_heads", "heads that do not fill hidden_size are not supported");
  if (fields.has("sliding_window")) fields.refuse("sliding_window", "is not supported for helium");
  attention.query_key_value_bias = fields.boolean("attention_bias", false);
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields, fields.boolean("mlp_bias", false))},
         fields.layers("num_hidden_layers"));
}

void ministral3(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 8, .head_size = 128});
  attention.window = sliding_window(fields, 0);
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields)}, fields.layers("num_hidden_layers"));
}

/// Qwen2 with modules that predict further tokens.
void mimo(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size, {.kv_heads = 32});
  attention.query_key_value_bias = fields.boolean("attention_bias", true);
  if (fields.boolean("use_sliding_window", false))
    fields.refuse("use_sliding_window", "is not supported here");
  fields.mentions("sliding_window");
  fields.mentions("max_window_layers");
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields)}, fields.layers("num_hidden_layers"));
  model.predicted_tokens = fields.integer("num_nextn_predict_layers", 0);
}

void internlm2(Fields& fields, Model& model) {
  read_outline(fields, model, false);
  Attention attention = grouped_attention(fields, model.hidden_size);
  attention.query_key_value_bias = attention.output_bias = fields.boolean("bias", true);
  repeat(model, {.mixer = attention, .feed_forward = gated_mlp(fields)}, fields.layers("num_hidden_layers"));
}

}  // namespace

std::vector<ModelType> recent_dense_types() {
  return {{"olmo3", olmo3},     {"cohere2", cohere2},    {"seed_oss", seed_oss}, {"arcee", arcee},
          {"apertus", apertus}, {"exaone", exaone},      {"exaone4", exaone4},   {"ernie4_5", ernie4_5},
          {"glm", glm},         {"glm4", glm4},          {"helium", helium},     {"ministral3", ministral3},
          {"mimo", mimo},       {"internlm2", internlm2}};
}

}  // namespace trainbudget::io::hf
