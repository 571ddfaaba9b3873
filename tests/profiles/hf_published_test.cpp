// Model types whose counts are held against published ones, to the parameter.
#include "hf_fixtures.h"

#include <algorithm>

using namespace trainbudget;
using namespace trainbudget::hf_fixtures;

namespace {

const std::string folder = TRAINBUDGET_TEST_DATA_DIR "/hf_published/";

std::string config(const std::string& name) {
  return text_of(folder, name);
}

/// Why a published total is more than what is trained.
constexpr double none = 0;
constexpr double routing_offsets(double layers, double experts) {
  return layers * experts;
}
constexpr double head_again(double vocabulary, double hidden) {
  return vocabulary * hidden;
}
/// Scales of 8-bit weights, one for each block of 128 × 128.
constexpr double block_scales(double weights) {
  return weights / (128.0 * 128.0);
}
/// The vision encoder of Qwen3.5 by the shapes of transformers' modeling_qwen3_5.py: patches of 2 × 16 × 16,
/// 2304 positions, layers with biases throughout, and a merger of 2 × 2 patches.
constexpr double vision(double layers, double hidden, double inner, double out) {
  const double layer = 4 * hidden + 4 * hidden * hidden + 4 * hidden + 2 * hidden * inner + inner + hidden;
  const double merged = 4 * hidden;
  return 3 * 2 * 16 * 16 * hidden + hidden + 2304 * hidden + layers * layer + 2 * hidden + merged * merged +
         merged + merged * out + out;
}

/// The vision encoder of Llama 4 by the shapes of transformers' modeling_llama4.py: 34 layers of 1408, pixels
/// of 14 × 14 patches, 24² + 1 positions, an adapter to 4096 and a projection to the language model.
constexpr double llama4_vision() {
  const double hidden = 1408;
  const double inner = 5632;
  const double layer = 4 * hidden + 4 * hidden * hidden + 4 * hidden + 2 * hidden * inner + inner + hidden;
  return 3 * 14 * 14 * hidden + hidden + 577 * hidden + 4 * hidden + 34 * layer + inner * 4096 +
         4096.0 * 4096 + 4096.0 * 5120;
}
/// The vision encoders of Qwen2-VL (LayerNorm, two matrices) and Qwen2.5-VL (RMS norm, three) by the shapes
/// of transformers' modeling_qwen2_vl.py and modeling_qwen2_5_vl.py: 32 layers of 1280, patches of 2 × 14
/// × 14.
constexpr double qwen2_vision(bool gated, double inner, double out) {
  const double hidden = 1280;
  const double norm = gated ? hidden : 2 * hidden;
  const double ups = gated ? 2 : 1;
  const double layer =
      2 * norm + 4 * hidden * hidden + 4 * hidden + (ups + 1) * hidden * inner + ups * inner + hidden;
  const double merged = 4 * hidden;
  return 3 * 2 * 14 * 14 * hidden + 32 * layer + norm + merged * merged + merged + merged * out + out;
}

/// Totals of the safetensors files on huggingface.co, as AlexsJones/llmfit lists them, unless stated.
const Published published[] = {
    {"afm-4.5b", 4619184640, none},
    {"apertus-8b", 8053338176, none},
    {"bamba-9b", 9780235392, none},
    {"command-r7b", 8028033024, none},
    {"dots.llm1", 142774381696, routing_offsets(61, 128)},
    {"ernie-4.5-0.3b", 360748032, none},  // a public log of experiments; the Hub's page says 0.36B
    {"ernie-4.5-21b-a3b", 21825437888, routing_offsets(27, 64)},
    {"exaone-3.5-2.4b", 2405327360, none},
    {"exaone-4.0-1.2b", 1279391488, none},
    {"exaone-4.0-32b", 32003216384, none},
    {"falcon-mamba-7b", 7272665088, none},
    {"fla-transformer-1.3b", 1364297728, none},  // fla-hub/transformer-1.3B-100B
    {"glm-4-9b-0414", 9400279040, none},
    {"glm-4-9b-chat-hf", 9399951360, none},
    // Its prediction module brings the embedding and the head once more.
    {"glm-4.7-flash", 31221488576, routing_offsets(47, 64) + 2 * head_again(154880, 2048)},
    {"granite-3.0-1b-a400m", 1334628352, none},  // asserted in a public test of its adapters
    {"internlm2-7b", 7737708544, none},          // chujiezheng/internlm2-chat-7b-ExPO, the same shapes
    {"ling-lite-1.5", 16801974272, none},
    {"ling-mini-2.0", 16255643392, routing_offsets(19, 256)},
    {"llama-4-maverick", 401583781376, llama4_vision()},
    {"llama-4-scout", 108641793536, llama4_vision()},
    {"mimo-7b", 7833409536, none},
    {"minimax-m2", 228703644928,
     routing_offsets(62, 256) +
         62 * block_scales(256.0 * 3 * 3072 * 1536 + 2 * 3072 * 6144 + 2 * 3072 * 1024)},
    {"olmo-3-32b", 32233522176, none},
    {"olmo-3-7b", 7298011136, none},
    {"phi-mini-moe", 7647632704, none},
    {"phi-tiny-moe", 3755220288, none},
    {"qwen2-vl-7b", 8291375616, qwen2_vision(false, 5120, 3584)},
    {"qwen2.5-vl-3b", 3754622976, qwen2_vision(true, 3420, 2048)},
    {"qwen2.5-vl-7b", 8292166656, qwen2_vision(true, 3420, 3584)},
    {"qwen3.5-27b", 27781427952, vision(27, 1152, 4304, 5120)},
    {"qwen3.5-35b-a3b", 35951822704, vision(27, 1152, 4304, 2048)},
    {"qwen3.5-4b", 4659865088, vision(24, 1024, 4096, 2560)},
    {"qwen3.5-9b", 9653104368, vision(27, 1152, 4304, 4096)},
    {"qwen3.5-9b-text-only", 8953803264, none},  // principled-intelligence/Qwen3.5-9B-text-only
    {"seed-oss-36b", 36151104512, none},
    {"stablelm-2-1.6b", 1644515328, none},
    {"starcoder", 15819446272, head_again(49152, 6144)},
    {"tiny-starcoder-py", 164144128, none},
    {"trinity-nano", 6120003328, routing_offsets(54, 128)},
    // No published count to the parameter was found for these: they are added up from the shapes of the
    // tensors. Ministral: those of Llama. Hunyuan: transformers' modular_hunyuan_v1_dense.py and
    // modular_hunyuan_v1_moe.py. Helium: modular_helium.py. Gated delta net: fla/layers/gated_deltanet.py and
    // fla/modules/mlp.py.
    {"hunyuan-7b",
     128167.0 * 4096 + 32 * (4096.0 * (4096 + 2 * 1024 + 4096) + 2 * 128 + 3.0 * 4096 * 14336 + 2 * 4096) +
         4096,
     none},
    {"hunyuan-a13b",
     128167.0 * 4096 +
         32 * (4096.0 * (4096 + 2 * 1024 + 4096) + 2 * 128 + 65 * 3.0 * 4096 * 3072 + 64 * 4096 + 2 * 4096) +
         4096,
     none},
    {"ministral-3-8b",
     2 * 131072.0 * 4096 + 34 * (4096.0 * (4096 + 2 * 1024 + 4096) + 3.0 * 4096 * 14336 + 2 * 4096) + 4096,
     none},
    {"helium-1-preview-2b",
     2 * 48000.0 * 2560 + 24 * (4.0 * 2560 * 2560 + 3.0 * 2560 * 7040 + 2 * 2560) + 2560, none},
    {"fla-gated-deltanet",
     2 * 32000.0 * 2048 + 2048 +
         21 * (2048.0 * (2 * 1536 + 3 * 3072) + 2 * 2048 * 6 + 4 * (2 * 1536 + 3072) + 2 * 6 + 512 +
               3.0 * 2048 * 5632 + 2 * 2048),
     none},
};

}  // namespace

TEST_CASE("hf published: every configuration has its published count") {
  check_counts(folder, published);
}

TEST_CASE("hf published: a token visits the experts that its configuration says") {
  check_visits(folder, {{"minimax-m2", 62, 256 - 8, 3.0 * 3072 * 1536},
                        {"dots.llm1", 61, 128 - 6, 3.0 * 4096 * 1408},
                        {"ernie-4.5-21b-a3b", 27, 64 - 6, 3.0 * 2560 * 1536},
                        {"hunyuan-a13b", 32, 64 - 8, 3.0 * 4096 * 3072},
                        {"phi-mini-moe", 32, 16 - 2, 3.0 * 4096 * 960},
                        {"granite-3.0-1b-a400m", 24, 32 - 8, 3.0 * 1024 * 512},
                        {"glm-4.7-flash", 47, 64 - 4, 3.0 * 2048 * 1536},
                        {"ling-mini-2.0", 19, 256 - 8, 3.0 * 2048 * 512},
                        {"llama-4-scout", 48, 16 - 1, 3.0 * 5120 * 8192},
                        {"llama-4-maverick", 24, 128 - 1, 3.0 * 5120 * 8192},
                        {"trinity-nano", 54, 128 - 8, 3.0 * 1024 * 256},
                        {"qwen3.5-35b-a3b", 41, 256 - 8, 3.0 * 2048 * 512}});
}

TEST_CASE("hf published: windows are where the configuration has them") {
  struct Windows {
    std::string name;
    int window, sliding, full;
    bool full_rotary;
  };
  for (const Windows& row :
       {Windows{"olmo-3-7b", 4096, 24, 8, true}, Windows{"olmo-3-32b", 4096, 48, 16, true},
        Windows{"command-r7b", 4096, 24, 8, false}, Windows{"exaone-4.0-32b", 4096, 48, 16, false},
        Windows{"exaone-4.0-1.2b", 0, 0, 30, true}, Windows{"trinity-nano", 2048, 42, 14, false}}) {
    CAPTURE(row.name);
    const Model model = model_of(config(row.name));
    int sliding = 0;
    for (const int kind : model.layers) {
      const auto& attention = std::get<Attention>(model.blocks[static_cast<std::size_t>(kind)].mixer);
      sliding += attention.window > 0 ? 1 : 0;
      CHECK((attention.window == 0 || attention.window == row.window));
      CHECK(attention.rotary == (attention.window > 0 || row.full_rotary));
    }
    CHECK(sliding == row.sliding);
    CHECK(static_cast<int>(model.layers.size()) - sliding == row.full);
  }
  // Letters say the same as the list; the last layer sees everything, whatever its letter.
  const std::string exaone = config("exaone-4.0-32b");
  const std::string lettered = replaced(exaone, "\"layer_types\"", "\"unknown\"");
  CHECK(model_of(lettered).layers == model_of(exaone).layers);
  const Model local = model_of(replaced(lettered, "LLLG", "L"));
  CHECK(local.layers == [] {
    std::vector<int> kinds(64, 0);
    kinds.back() = 1;
    return kinds;
  }());
  CHECK(model_of(replaced(lettered, "\"LLLG\"", "4")).layers == model_of(exaone).layers);
  refused(replaced(lettered, "LLLG", "LLX"), "'sliding_window_pattern': is neither");
  // The class's own period where the configuration has none.
  CHECK(total_of(replaced(config("command-r7b"), "\"sliding_window_pattern\": 4,", "")).flops() ==
        total_of(config("command-r7b")).flops());
  CHECK(total_of(
            replaced(config("command-r7b"), "\"sliding_window_pattern\": 4", "\"sliding_window_pattern\": 2"))
            .flops() > total_of(config("command-r7b")).flops());
}

TEST_CASE("hf published: Llama 4 attends within chunks where it has the rotary embedding") {
  for (const std::string name : {"llama-4-scout", "llama-4-maverick"}) {
    CAPTURE(name);
    const Model model = model_of(config(name));
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      const auto& attention =
          std::get<Attention>(model.blocks[static_cast<std::size_t>(model.layers[i])].mixer);
      CHECK(attention.chunk == (i % 4 == 3 ? 0 : 8192));
      CHECK(attention.rotary == (i % 4 != 3));
    }
  }
  const std::string scout = config("llama-4-scout");
  // 8 heads of 128 numbers of 16 bit, key and value: of all tokens in 12 layers, of one chunk in 36.
  CHECK(summary_of(scout).cache_bytes == 4096.0 * (12 * 16384 + 36 * 8192));
  CHECK(
      total_of(replaced(scout, "\"attention_chunk_size\": 8192", "\"attention_chunk_size\": null")).flops() >
      total_of(scout).flops());
  refused(replaced(scout, "\"no_rope_layers\": []", "\"no_rope_layers\": [1, 0]"),
          "'text_config.no_rope_layers': has not one entry for each layer");
  refused(replaced(config("llama-4-maverick"), "[1, 3,", "[1, 48,"), "'text_config.moe_layers'");
  std::string full = "\"full_attention\"";
  for (int i = 1; i < 48; ++i)
    full += ", \"full_attention\"";
  CHECK(total_of(replaced(scout, "\"no_rope_layers\": []", "\"layer_types\": [" + full + "]")).flops() >
        total_of(scout).flops());
}

TEST_CASE("hf published: an encoder beside the language model is said to be left out") {
  for (const std::string name : {"qwen2.5-vl-3b", "qwen2.5-vl-7b", "llama-4-scout"}) {
    CAPTURE(name);
    const io::HfModel read = io::read_hf_config(config(name), "config.json");
    CHECK(read.notes == std::vector<std::string>{"vision_config: only the language model is counted"});
  }
}

TEST_CASE("hf published: what a class would build otherwise is refused") {
  const std::string minimax = config("minimax-m2");
  refused(replaced(minimax, "[1, 1", "[0, 1"), "'attn_type_list'");
  refused(replaced(minimax, "\"per_layer\"", "\"per_head\""), "'qk_norm_type'");
  refused(replaced(minimax, "minimax_m2", "minimax"), "'use_qk_norm'");
  refused(replaced(config("dots.llm1"), "\"max_window_layers\": 62,\n  \"sliding_window\": null",
                   "\"max_window_layers\": 8, \"sliding_window\": 4096"),
          "'max_window_layers'");
  refused(replaced(config("hunyuan-a13b"), "\"moe_topk\": [8", "\"moe_topk\": [4"), "'moe_topk'");
  refused(replaced(config("hunyuan-a13b"), "\"num_shared_expert\": [1", "\"num_shared_expert\": [2"),
          "'num_shared_expert'");
  refused(
      replaced(replaced(config("ling-lite-1.5"), "\"num_shared_experts\": 2", "\"num_shared_experts\": 256"),
               "\"moe_intermediate_size\": 1408", "\"moe_intermediate_size\": 16777216"),
      "'num_shared_experts': gives a size of 4.29e+09");
  refused(with(config("hunyuan-7b"), "\"use_cla\": true"), "'use_cla'");
  refused(replaced(config("bamba-9b"), "[9, 18, 27]", "[9, 18, 32]"), "'attn_layer_indices'");
  refused(replaced(config("bamba-9b"), "  \"attn_layer_indices\": [9, 18, 27],\n", ""),
          "the field 'attn_layer_indices' is missing");
  refused(replaced(config("bamba-9b"), "\"mamba_d_head\": 64", "\"mamba_d_head\": 32"), "'mamba_d_head'");
  refused(
      replaced(config("qwen3.5-9b-text-only"), "\"attn_output_gate\": true", "\"attn_output_gate\": false"),
      "'attn_output_gate'");
  refused(replaced(config("qwen3.5-9b"), "\"mtp_use_dedicated_embeddings\": false",
                   "\"mtp_use_dedicated_embeddings\": true"),
          "'text_config.mtp_use_dedicated_embeddings'");
  refused(replaced(config("command-r7b"), "\"head_dim\": 128", "\"head_dim\": 64"), "'head_dim'");
  refused(replaced(config("exaone-4.0-32b"), "\"full_attention\"", "\"global\""),
          "'global' is no kind of layer");
  refused(replaced(config("apertus-8b"), "\"qk_norm\": true", "\"qk_norm\": false"), "'qk_norm'");
  refused(replaced(config("apertus-8b"), "\"post_norm\": false", "\"post_norm\": true"), "'post_norm'");
  refused(replaced(config("helium-1-preview-2b"), "\"head_dim\": 128", "\"head_dim\": 64"),
          "'num_attention_heads'");
}

TEST_CASE("hf published: fields that may be left out have the class's own values") {
  const auto same = [](const std::string& name, const std::string& line) {
    CAPTURE(name, line);
    const std::string whole = config(name);
    CHECK(total_of(replaced(whole, line, "")).parameters == total_of(whole).parameters);
  };
  same("seed-oss-36b", "  \"attention_bias\": true,\n");
  same("seed-oss-36b", "  \"head_dim\": 128,\n");
  same("glm-4-9b-0414", "  \"num_key_value_heads\": 2,\n");
  same("glm-4-9b-0414", "  \"attention_bias\": true,\n");
  same("ernie-4.5-0.3b", "  \"num_key_value_heads\": 2,\n");
  same("ernie-4.5-21b-a3b", "  \"moe_layer_end_index\": -1,\n");
  same("ernie-4.5-21b-a3b", "  \"moe_num_shared_experts\": 2,\n");
  same("minimax-m2", "  \"num_local_experts\": 256,\n");
  same("trinity-nano", "  \"head_dim\": 128,\n");
  same("glm-4.7-flash", "  \"first_k_dense_replace\": 1,\n");
  same("qwen3.5-9b-text-only", "  \"head_dim\": 256,\n");
  same("ministral-3-8b", "    \"head_dim\": 128,\n");
  same("llama-4-scout", "    \"intermediate_size_mlp\": 16384,\n");
  same("llama-4-scout", "    \"num_local_experts\": 16,\n");
  same("mimo-7b", "  \"attention_bias\": true,\n");
  // Mixers of every layer are Mamba-2 where the list is null; the difference is three layers of attention.
  CHECK(total_of(replaced(config("bamba-9b"), "[9, 18, 27]", "null")).parameters -
            total_of(config("bamba-9b")).parameters ==
        3 * (4096.0 * (2 * 8192 + 2 * 128 + 128) + 5 * (8192 + 2 * 128) + 3 * 128 + 8192 + 8192 * 4096.0 -
             4096.0 * (4096 + 2 * 1024 + 4096)));
  // One shared expert's width of Granite's.
  CHECK(total_of(with(replaced(config("granite-3.0-1b-a400m"), "granitemoe", "granitemoeshared"),
                      "\"shared_intermediate_size\": 1024"))
                .parameters -
            1334628352 ==
        24 * 3.0 * 1024 * 1024);
}

TEST_CASE("hf published: variants of a type") {
  // Two numbers of each layer's activation are learned; other activations have none.
  const std::string apertus = config("apertus-8b");
  CHECK(total_of(apertus).parameters - total_of(replaced(apertus, "\"xielu\"", "\"relu2\"")).parameters ==
        32 * 2);
  // Ling's second version is known by its class or by its own type.
  const std::string ling = config("ling-mini-2.0");
  const std::string by_type =
      replaced(replaced(ling, "  \"architectures\": [\"BailingMoeV2ForCausalLM\"],\n", ""), "\"bailing_moe\"",
               "\"bailing_moe_v2\"");
  CHECK(total_of(by_type).parameters == total_of(ling).parameters);
  CHECK(total_of(ling).parameters -
            total_of(replaced(ling, "BailingMoeV2ForCausalLM", "BailingMoeForCausalLM")).parameters ==
        20 * 2 * 128);
  // Keys and values of eleven more heads, with their biases.
  const std::string code = config("tiny-starcoder-py");
  CHECK(total_of(replaced(code, "\"multi_query\": true", "\"multi_query\": false")).parameters -
            total_of(code).parameters ==
        20 * 11 * 2 * 64 * 769.0);
  refused(with(code, "\"add_cross_attention\": true"), "'add_cross_attention'");
  refused(with(config("qwen2.5-vl-3b"), "\"layer_types\": null, \"text_config\": 1"),
          "'text_config' is not an object");
}

TEST_CASE("hf published: kinds of layer that a model does not have are not in it") {
  CHECK(model_of(config("ling-lite-1.5")).blocks.size() == 1);
  CHECK(model_of(config("llama-4-scout")).blocks.size() == 2);
  CHECK(model_of(config("llama-4-maverick")).blocks.size() == 3);
  CHECK(model_of(config("trinity-nano")).blocks.size() == 3);
  const Model flash = model_of(config("glm-4.7-flash"));
  CHECK(flash.blocks.size() == 2);
  CHECK(std::holds_alternative<MixtureOfExperts>(
      flash.blocks[static_cast<std::size_t>(flash.prediction_block)].feed_forward));
}

TEST_CASE("hf published: the manual names every type") {
  const std::string manual = io::read_file(TRAINBUDGET_PROFILES_DIR "/../docs/models.md", 1 << 20);
  for (const std::string& type : io::hf_model_types()) {
    CAPTURE(type);
    const std::string whole =
        type.size() > 5 && type.substr(type.size() - 5) == "_text" ? type.substr(0, type.size() - 5) : type;
    CHECK((manual.find("`" + type + "`") != std::string::npos ||
           manual.find("`" + whole + "`") != std::string::npos));
  }
}

TEST_CASE("hf published: kinds of feed-forward may be listed") {
  std::string kinds = "\"dense\"";
  for (int i = 1; i < 47; ++i)
    kinds += ", \"sparse\"";
  const std::string flash = config("glm-4.7-flash");
  const std::string listed = with(flash, "\"mlp_layer_types\": [" + kinds + "]");
  CHECK(total_of(listed).parameters == total_of(flash).parameters);
  refused(with(flash, "\"mlp_layer_types\": [\"dense\"]"), "has not one entry for each layer");
  CHECK(total_of(replaced(listed, "\"sparse\"", "\"dense\"")).parameters < total_of(flash).parameters);
}

TEST_CASE("hf published: a head that is tied outside of text_config is tied") {
  const std::string tied = config("qwen3.5-4b");
  const double head = 248320.0 * 2560;
  CHECK(
      total_of(replaced(tied, "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false")).parameters -
          total_of(tied).parameters ==
      head);
  // What is said inside goes first.
  const std::string inside = replaced(tied, "\"model_type\": \"qwen3_5_text\"",
                                      "\"model_type\": \"qwen3_5_text\", \"tie_word_embeddings\": false");
  CHECK(total_of(inside).parameters - total_of(tied).parameters == head);
}
