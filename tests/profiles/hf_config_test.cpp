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
        Missing{"gpt-2-124m", "n_embd"}, Missing{"jamba-mini-52b", "mamba_dt_rank"},
        Missing{"rwkv-7-2.9b", "gate_low_rank_dim"}, Missing{"t5-base", "d_kv"}}) {
    CAPTURE(missing.name, missing.field);
    const io::InputError error = input_error_of(
        [&] { io::read_hf_config(without(config(missing.name), missing.field), "config.json"); });
    CHECK(error.location.file == "config.json");
    CHECK(std::string(error.what()).find("'" + missing.field + "'") != std::string::npos);
  }
}

TEST_CASE("hf: an unknown model type is an error with the nearest known ones") {
  const std::string text = replaced(config("llama-3-8b"), "\"llama\"", "\"lama\"");
  const io::InputError error = input_error_of([&] { io::read_hf_config(text, "config.json"); });
  CHECK(std::string(error.what()) == "'model_type': 'lama' is not a known model type");
  CHECK(error.hint == "did you mean 'llama'?");
  CHECK(error.location.line > 0);
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
