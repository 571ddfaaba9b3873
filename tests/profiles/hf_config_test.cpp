// Hugging Face configurations: each reads to the same model as the profile of its name, and mistakes are
// named.
#include "io/hf_config.h"

#include "catch.h"
#include "io/file.h"
#include "io/input_error.h"
#include "io/model_file.h"
#include "profiles.h"
#include "unit/input_error_of.h"

#include <filesystem>
#include <set>

using namespace trainbudget;

namespace {

const std::string folder = TRAINBUDGET_TEST_DATA_DIR "/hf_config/";

std::string config(const std::string& name) {
  return io::read_file(folder + name + ".json", 1 << 20);
}

/// `text` without the line of `field`.
std::string without(std::string text, const std::string& field) {
  const std::size_t at = text.find("  \"" + field + "\":");
  REQUIRE(at != std::string::npos);
  return text.erase(at, text.find('\n', at) + 1 - at);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(text.find(from) != std::string::npos);
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("hf: every configuration is the model of its profile") {
  std::set<std::string> types;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    CAPTURE(name);
    const io::HfModel read = io::read_hf_config_file(entry.path().string());
    types.insert(read.model.family);
    Model wanted = io::find_model(profiles::folder(), name, {}).model;
    // This configuration does not say that the checkpoint also has a prediction module.
    if (name == "qwen3-next-80b-a3b") wanted.predicted_tokens = 0;
    // Beyond the window of every model, so that windows count too.
    const Sequence sequence{.length = 16384, .encoder_length = 512};
    const ModelSummary from_config = summarize(expand(read.model), sequence);
    const ModelSummary from_profile = summarize(expand(wanted), sequence);
    CHECK(read.model.layers.size() == wanted.layers.size());
    CHECK(from_config.total.parameters == from_profile.total.parameters);
    CHECK(from_config.total.active_parameters == from_profile.total.active_parameters);
    CHECK(from_config.total.flops() == from_profile.total.flops());
    CHECK(from_config.cache_bytes == from_profile.cache_bytes);
    CHECK(from_config.state_bytes == from_profile.state_bytes);
  }
  CHECK(types.size() >= 30);
}

TEST_CASE("hf: a missing field that changes the count is an error with its name") {
  struct Missing {
    std::string name, field;
  };
  for (const Missing& missing :
       {Missing{"llama-3-8b", "intermediate_size"}, Missing{"llama-3-8b", "vocab_size"},
        Missing{"llama-3-8b", "hidden_size"}, Missing{"llama-3-8b", "num_hidden_layers"},
        Missing{"mixtral-8x7b", "num_local_experts"}, Missing{"deepseek-v3", "kv_lora_rank"},
        Missing{"gpt-2-124m", "n_embd"}, Missing{"jamba-mini-52b", "num_experts"},
        Missing{"rwkv-7-2.9b", "hidden_size"}, Missing{"t5-base", "d_kv"}}) {
    CAPTURE(missing.name, missing.field);
    const io::InputError error = input_error_of(
        [&] { io::read_hf_config(without(config(missing.name), missing.field), "config.json"); });
    CHECK(error.location.file == "config.json");
    CHECK(std::string(error.what()).find("'" + missing.field + "'") != std::string::npos);
  }
}

TEST_CASE("hf: an unknown model type is an error with all known ones, and with none that is like it") {
  // Its layers are not those of the type with the nearest name.
  for (const std::string type : {"lama", "gemma4_text", "deepseek_v4", "mamba3"}) {
    const std::string text = replaced(config("llama-3-8b"), "\"llama\"", "\"" + type + "\"");
    const io::InputError error = input_error_of([&] { io::read_hf_config(text, "config.json"); });
    CHECK(std::string(error.what()) == "'model_type': the model type '" + type + "' is not supported");
    CHECK(error.hint.starts_with("these are: afmoe, apertus, arcee, "));
    CHECK(error.location.line > 0);
  }
  CHECK_THROWS_AS(io::read_hf_config("{\"hidden_size\": 4096}", "config.json"), io::InputError);
  CHECK_THROWS_AS(io::read_hf_config("[]", "config.json"), io::InputError);
}

TEST_CASE("hf: what is ignored and what is assumed is said") {
  const io::HfModel llama = io::read_hf_config(config("llama-2-7b"), "config.json");
  const auto has = [](const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  CHECK(has(llama.ignored, "rope_theta"));
  CHECK(has(llama.ignored, "torch_dtype"));
  CHECK_FALSE(has(llama.ignored, "hidden_size"));
  CHECK(has(llama.defaults, "num_key_value_heads = 32"));
  const io::HfModel gemma = io::read_hf_config(config("gemma-3-4b"), "config.json");
  REQUIRE(gemma.notes.size() == 1);
  CHECK(gemma.notes[0] == "vision_config: only the language model is counted");
}

TEST_CASE("hf: values that cannot be counted are refused") {
  const auto refused = [](const std::string& text) {
    return std::string(input_error_of([&] { io::read_hf_config(text, "config.json"); }).what());
  };
  CHECK(refused(replaced(config("llama-3-8b"), "\"num_key_value_heads\": 8", "\"num_key_value_heads\": 7")) ==
        "kv_heads 7 does not divide heads 32");
  CHECK(refused(replaced(config("llama-3-8b"), "\"hidden_size\": 4096", "\"hidden_size\": -4096"))
            .find("whole number") != std::string::npos);
  CHECK(refused(replaced(config("llama-3-8b"), "\"num_attention_heads\": 32", "\"num_attention_heads\": 0"))
            .find("num_attention_heads") != std::string::npos);
  CHECK(refused(replaced(config("phi-2"), "\"qk_layernorm\": false", "\"qk_layernorm\": true"))
            .find("qk_layernorm") != std::string::npos);
  CHECK(refused(replaced(config("rwkv-7-7.2b"), "\"n_layer\": 32", "\"n_layer\": 33")).find("decay_rank") !=
        std::string::npos);  // no such checkpoint was published: the ranks must be given
  CHECK(refused(replaced(config("rwkv-7-7.2b"), "x070", "x080")).find("no version of RWKV") !=
        std::string::npos);
}

TEST_CASE("hf: the options of RWKV-LM name their version by my_testing") {
  const std::string options = R"("n_layer": 24, "n_embd": 1024, "vocab_size": 65536, "dim_att": 1024)";
  const auto read = [&](const std::string& more) {
    return io::read_hf_config("{" + options + more + "}", "config.json");
  };
  for (const std::string version : {"x052", "x060", "x070"}) {
    CAPTURE(version);
    const io::HfModel mine = read(R"(, "my_testing": ")" + version + R"(", "head_size_a": 64, "dim_ffn": 0)");
    const io::HfModel usual = read(R"(, "version": ")" + version + R"(")");
    CHECK(mine.model.family == usual.model.family);
    CHECK(summarize(expand(mine.model), {}).total.parameters ==
          summarize(expand(usual.model), {}).total.parameters);
    CHECK(std::count(mine.ignored.begin(), mine.ignored.end(), "my_testing") == 0);
  }
  const io::InputError error = input_error_of([&] { read(R"(, "my_testing": "r2r4")"); });
  CHECK_THAT(error.what(), ContainsSubstring("'my_testing': 'r2r4' is no version of RWKV"));
}

TEST_CASE("hf: types that are met and not read say what to do") {
  const auto hint = [](const std::string& type) {
    return input_error_of([&] { io::read_hf_config(R"({"model_type": ")" + type + R"("})", "c.json"); }).hint;
  };
  for (const std::string type : {"rwkv5", "rwkv6"})
    CHECK_THAT(hint(type), ContainsSubstring("n_layer, n_embd, vocab_size, \"version\""));
  for (const std::string type : {"gla", "delta_net", "retnet"})
    CHECK_THAT(hint(type), ContainsSubstring("--params"));
  CHECK_THAT(hint("kda"), ContainsSubstring("gated_delta_net"));
}

TEST_CASE("hf: OPT has two rows of positions that no token takes") {
  const Model opt = io::read_hf_config(R"({"model_type": "opt", "vocab_size": 50272, "hidden_size": 768,
    "ffn_dim": 3072, "num_hidden_layers": 12, "num_attention_heads": 12, "max_position_embeddings": 2048})",
                                       "config.json")
                        .model;
  CHECK(opt.learned_positions == 2050);
  CHECK(most_positions(opt) == 2048);
}

TEST_CASE("hf: kinds of layers are read by name, older and newer, and an unknown one is an error") {
  const auto parameters = [](const std::string& text) {
    return summarize(expand(io::read_hf_config(text, "config.json").model), {.length = 4096})
        .total.parameters;
  };
  const auto refused = [](const std::string& text, const std::string& message) {
    const io::InputError error = input_error_of([&] { io::read_hf_config(text, "config.json"); });
    CHECK_THAT(error.what(), ContainsSubstring(message));
    CHECK(error.location.line > 0);
  };
  const auto every = [](std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    return text;
  };
  const std::string granite = config("granite-4.0-h-small");
  const std::string renamed =
      every(every(granite, "\"mamba\"", "\"linear_attention\""), "\"attention\"", "\"full_attention\"");
  CHECK(renamed != granite);
  CHECK(parameters(renamed) == parameters(granite));
  refused(every(granite, "\"attention\"", "\"banana\""), "'banana' is no kind of layer of this model type");
  refused(every(config("gpt-oss-20b"), "\"full_attention\"", "\"full\""), "'full' is no kind of layer");

  // One layer of eight attends: 48 layers, of which an interval of 4 makes 12 and this makes 6.
  const std::string next = config("qwen3-next-80b-a3b");
  std::string words;
  for (int i = 0; i < 48; ++i)
    words += std::string(i > 0 ? ", " : "") + (i % 8 == 7 ? "\"full_attention\"" : "\"linear_attention\"");
  const std::string sparse = replaced(next, "{", "{\n  \"layer_types\": [" + words + "],");
  CHECK(parameters(sparse) == 79'713'121'152);
  CHECK(parameters(replaced(next, "\"full_attention_interval\": 4", "\"full_attention_interval\": 8")) ==
        79'713'121'152);
  refused(replaced(next, "{", "{\n  \"layer_types\": [\"full_attention\"],"),
          "has not one entry for each layer");
}

TEST_CASE("hf: what is left out has the default of its model type, what is null has none") {
  const auto total = [](const std::string& text) {
    return summarize(expand(io::read_hf_config(text, "config.json").model), {.length = 16384}).total;
  };
  struct Left {
    std::string name, field;
  };
  for (const Left& left :
       {Left{"gemma-2-9b", "head_dim"}, Left{"gemma-2-9b", "sliding_window"}, Left{"gpt-oss-20b", "head_dim"},
        Left{"gpt-oss-20b", "num_key_value_heads"}, Left{"gpt-oss-20b", "sliding_window"},
        Left{"qwen3-8b", "head_dim"}, Left{"mistral-7b", "num_key_value_heads"},
        Left{"mistral-7b", "sliding_window"}, Left{"mixtral-8x7b", "num_key_value_heads"},
        Left{"qwen3-30b-a3b", "num_key_value_heads"}, Left{"qwen3-next-80b-a3b", "num_key_value_heads"},
        Left{"qwen3-next-80b-a3b", "head_dim"}, Left{"smollm3-3b", "num_key_value_heads"}}) {
    CAPTURE(left.name, left.field);
    const std::string whole = config(left.name);
    const io::HfModel read = io::read_hf_config(without(whole, left.field), "config.json");
    CHECK(total(without(whole, left.field)).parameters == total(whole).parameters);
    CHECK(total(without(whole, left.field)).flops() == total(whole).flops());
    CHECK(std::any_of(read.defaults.begin(), read.defaults.end(), [&](const std::string& text) {
      return text.find(left.field + " = ") != std::string::npos;
    }));
  }
  const std::string unbounded =
      replaced(config("mistral-7b"), "\"sliding_window\": 4096", "\"sliding_window\": null");
  CHECK(total(unbounded).flops() > total(config("mistral-7b")).flops());
  const std::string odd =
      replaced(config("llama-3-8b"), "\"num_attention_heads\": 32", "\"num_attention_heads\": 48");
  CHECK_THROWS_AS(io::read_hf_config(odd, "config.json"), io::InputError);
}

TEST_CASE("hf: Infinity and NaN, as Python writes them, are no value") {
  const std::string text = replaced(config("llama-3-8b"), "{",
                                    "{\n  \"time_step_limit\": [0.0, Infinity, -Infinity, NaN],\n"
                                    "  \"note\": \"Infinity \\\" NaN\",");
  CHECK_NOTHROW(io::read_hf_config(text, "config.json"));
  const std::string size =
      replaced(config("llama-3-8b"), "\"hidden_size\": 4096", "\"hidden_size\": Infinity");
  const io::InputError error = input_error_of([&] { io::read_hf_config(size, "config.json"); });
  CHECK_THAT(error.what(), ContainsSubstring("'hidden_size' is missing"));
}

TEST_CASE("hf: shapes that this model of a type does not have are refused, not passed over") {
  const auto refused = [](const std::string& text, const std::string& message) {
    const io::InputError error = input_error_of([&] { io::read_hf_config(text, "config.json"); });
    CHECK_THAT(error.what(), ContainsSubstring(message));
  };
  refused(R"({"d_model": 2048, "n_layer": 48, "vocab_size": 50277, "ssm_cfg": {"layer": "Mamba3"}})",
          "only Mamba1 and Mamba2 are supported");
  refused(
      R"({"d_model": 2048, "n_layer": 48, "vocab_size": 50277, "ssm_cfg": {"layer": "Mamba2", "d_ssm": 64}})",
      "'ssm_cfg.d_ssm'");
  refused(R"({"version": "x060", "n_layer": 24, "n_embd": 1024, "vocab_size": 65536, "dim_att": 2048})",
          "'dim_att'");
  refused(replaced(config("rwkv-7-2.9b"), "{", "{ \"value_dim\": [5120],"), "'value_dim'");
  refused(replaced(config("qwen3-30b-a3b"), "{", "{ \"use_sliding_window\": true,"), "'use_sliding_window'");
  refused(replaced(config("qwen3-30b-a3b"), "\"mlp_only_layers\": []", "\"mlp_only_layers\": [48]"),
          "'mlp_only_layers': names a layer that is not there");
  refused(replaced(config("qwen3-30b-a3b"), "\"decoder_sparse_step\": 1", "\"decoder_sparse_step\": 0"),
          "'decoder_sparse_step': must be positive");
  refused(R"({"model_type": "llava", "text_config": [1]})", "'text_config' is not an object");
  // 3.5 × 2560 of the ratio in place of the size.
  const auto read = io::read_hf_config(replaced(without(config("rwkv-7-2.9b"), "intermediate_size"),
                                                "\"hidden_ratio\": 4.0", "\"hidden_ratio\": 3.5"),
                                       "config.json");
  const auto whole = io::read_hf_config(config("rwkv-7-2.9b"), "config.json");
  const auto parameters = [](const io::HfModel& model) {
    return summarize(expand(model.model), {.length = 4096}).total.parameters;
  };
  CHECK(parameters(whole) - parameters(read) == 32.0 * 2.0 * 2560.0 * (10240.0 - 8960.0));
}

TEST_CASE("hf: a hybrid that spells its layers out is the one that writes letters") {
  const std::string letters = config("nemotron-nano-9b-v2");
  const std::size_t at = letters.find("\"hybrid_override_pattern\": \"") + 28;
  std::string words;
  for (std::size_t i = at; letters[i] != '"'; ++i)
    words += std::string(words.empty() ? "" : ", ") + (letters[i] == 'M'   ? "\"linear_attention\""
                                                       : letters[i] == '*' ? "\"attention\""
                                                                           : "\"mlp\"");
  const std::string spelt = replaced(without(letters, "hybrid_override_pattern"), "{",
                                     "{\n  \"layers_block_type\": [" + words + "],");
  const auto parameters = [](const std::string& text) {
    return summarize(expand(io::read_hf_config(text, "config.json").model), {.length = 4096})
        .total.parameters;
  };
  CHECK(parameters(spelt) == parameters(letters));
  CHECK(parameters(without(spelt, "num_hidden_layers")) == parameters(letters));
  CHECK(parameters(replaced(letters, "\"head_dim\"", "\"attention_head_dim\"")) == parameters(letters));
}
