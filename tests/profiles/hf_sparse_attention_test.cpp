// Latent attention with an indexer: counts are held against published ones, to the parameter.
#include "hf_fixtures.h"

using namespace trainbudget;
using namespace trainbudget::hf_fixtures;

namespace {

const std::string folder = TRAINBUDGET_TEST_DATA_DIR "/hf_sparse_attention/";

/// Scales of an 8-bit matrix, one for each block of 128 × 128.
double scales(int n, int k) {
  return static_cast<double>((n + 127) / 128) * ((k + 127) / 128);
}

/// All matrices of DeepSeek-V3.2's 62 layers, one of them the prediction module's, but for the router's and
/// the indexer's weights of heads.
double deepseek_scales() {
  const double attention = scales(1536, 7168) + scales(128 * 192, 1536) + scales(576, 7168) +
                           scales(128 * 256, 512) + scales(7168, 128 * 128);
  const double indexer = scales(64 * 128, 1536) + scales(128, 7168);
  return 62 * (attention + indexer) + 3 * 3 * scales(18432, 7168) + 59 * 257 * 3 * scales(2048, 7168);
}

}  // namespace

// Totals of the safetensors files on huggingface.co, as AlexsJones/llmfit lists them.
TEST_CASE("hf sparse attention: GLM-5 has its published count") {
  const Totals total = total_of(text_of(folder, "glm-5"));
  // Routing offsets that a rule sets, in 75 layers and in the prediction module.
  CHECK(total.parameters == 753864139008 - 76 * 256);
  CHECK(total.parameters - total.active_parameters == 76 * (256 - 8) * 3.0 * 6144 * 2048);
}

TEST_CASE("hf sparse attention: DeepSeek-V3.2 has its published count") {
  const Totals total = total_of(text_of(folder, "deepseek-v3.2"));
  // Beside the offsets and the scales, the prediction module brings the embedding and the head once more.
  CHECK(total.parameters == 685396921376 - 59 * 256 - deepseek_scales() - 2 * 129280.0 * 7168);
  CHECK(total.parameters - total.active_parameters == 59 * (256 - 8) * 3.0 * 7168 * 2048);
}

TEST_CASE("hf sparse attention: an indexer in every layer selects keys") {
  const std::string glm = text_of(folder, "glm-5");
  for (const Layer& layer : model_of(glm).blocks) {
    const auto& attention = std::get<LatentAttention>(layer.mixer);
    CHECK(attention.index_heads == 32);
    CHECK(attention.index_head_size == 128);
    CHECK(attention.index_top_k == 2048);
  }
  CHECK(total_of(replaced(glm, "\"index_topk\": 2048", "\"index_topk\": 4096")).flops() >
        total_of(glm).flops());
  CHECK(total_of(with(glm, "\"indexer_types\": [\"full\", \"full\"]")).parameters ==
        total_of(glm).parameters);
  refused(with(glm, "\"indexer_types\": [\"full\", \"shared\"]"), "'indexer_types'");
  refused(with(glm, "\"index_topk_freq\": 4"), "'index_topk_freq'");
  refused(replaced(glm, "\"index_n_heads\"", "\"unknown\""), "'index_n_heads' is missing");
  refused(replaced(glm, "\"q_lora_rank\": 2048", "\"q_lora_rank\": null"), "an indexer needs query_rank");
}
