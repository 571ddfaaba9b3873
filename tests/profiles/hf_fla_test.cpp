// Configurations of flash-linear-attention: ranks that are derived, left out and given, and what is refused.
#include "hf_fixtures.h"

#include <algorithm>

using namespace trainbudget;
using namespace trainbudget::hf_fixtures;

namespace {

std::string config(const std::string& name) {
  return text_of(TRAINBUDGET_TEST_DATA_DIR "/hf_published/", name);
}

}  // namespace

TEST_CASE("hf: flash-linear-attention's shapes") {
  // RWKV-7 1.5B with ranks that are derived, that are left out, and that are given.
  const auto rwkv = [](const std::string& ranks) {
    return R"({"model_type": "rwkv7", "hidden_size": 2048, "num_hidden_layers": 24, "vocab_size": 65536)" +
           ranks + "}";
  };
  const auto given = [&](int decay, int learning_rate, int value, int gate) {
    return total_of(rwkv(", \"decay_low_rank_dim\": " + std::to_string(decay) + ", \"a_low_rank_dim\": " +
                         std::to_string(learning_rate) + ", \"v_low_rank_dim\": " + std::to_string(value) +
                         ", \"gate_low_rank_dim\": " + std::to_string(gate)))
        .parameters;
  };
  // 2.5 · √2048 ÷ 32 = 3.5 to 4 (half to even), 1.7 · √2048 ÷ 32 = 2.4 to 2, 5 · √2048 ÷ 32 = 7.07 to 7.
  CHECK(total_of(rwkv(R"(, "decay_low_rank_dim": null, "a_low_rank_dim": null, "v_low_rank_dim": null,
                         "gate_low_rank_dim": null)"))
            .parameters == given(128, 128, 64, 224));
  CHECK(total_of(rwkv("")).parameters == given(64, 64, 16, 128));
  const io::HfModel left = io::read_hf_config(rwkv(""), "config.json");
  CHECK(std::find(left.defaults.begin(), left.defaults.end(), "v_low_rank_dim = 16") != left.defaults.end());
  refused(rwkv(R"(, "norm_first": false)"), "'norm_first'");
  refused(rwkv(R"(, "attn": {"layers": [3], "num_heads": 32})"), "'attn'");

  const std::string delta = config("fla-gated-deltanet");
  refused(replaced(delta, "\"attn\": null", "\"attn\": {\"layers\": [3]}"), "'attn'");
  refused(replaced(delta, "\"use_gate\": true", "\"use_gate\": false"), "'use_gate'");
  refused(replaced(delta, "\"expand_v\": 2", "\"expand_v\": 1.001"), "'expand_v'");
  refused(replaced(delta, "\"expand_v\": 2", "\"expand_v\": 16000000"), "which no model has");
  refused(replaced(delta, "\"hidden_ratio\": 4", "\"hidden_ratio\": 16000000"), "which no model has");
  refused(with(delta, "\"attnres_block_size\": 2"), "'attnres_block_size'");
  // Values of half as many heads: half of values, gates and outputs, and of what each head has.
  CHECK(total_of(delta).parameters -
            total_of(replaced(delta, "\"expand_v\": 2", "\"expand_v\": 1")).parameters ==
        21 * (3 * 2048.0 * 1536 + 4 * 1536 + 256));
  const std::string plain = config("fla-transformer-1.3b");
  CHECK(total_of(with(plain, "\"qk_norm\": true")).parameters - 1364297728 == 24 * 2 * 64);
  CHECK(total_of(replaced(plain, "\"window_size\": null", "\"window_size\": 512")).flops() <
        total_of(plain).flops());
}
