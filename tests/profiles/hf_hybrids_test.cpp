// Hybrids of attention and recurrent layers whose counts are held against published ones, to the parameter.
#include "hf_fixtures.h"

#include <cmath>

using namespace trainbudget;
using namespace trainbudget::hf_fixtures;

namespace {

const std::string folder = TRAINBUDGET_TEST_DATA_DIR "/hf_hybrids/";

std::string config(const std::string& name) {
  return text_of(folder, name);
}

/// Totals of the safetensors files on huggingface.co, as AlexsJones/llmfit lists them, unless stated.
const Published published[] = {
    {"falcon-h1-0.5b", 521411104, 0},
    {"falcon-h1-tiny-90m", 91131072, 0},
    {"lfm2-1.2b", 1170340608, 0},
    {"lfm2-350m", 354483968, 0},
    {"lfm2-700m", 742489344, 0},
    {"lfm2-8b-a1b", 8339929856, 0},
    // Routing offsets that a rule sets: one for each expert.
    {"kimi-linear-48b-a3b", 49122681728, 26 * 256},
    {"minimax-m1-80k", 456089655296, 0},  // a public table of models; MiniMax-Text-01 has the same shapes
    // No published count to the parameter was found for it: the shapes of the tensors in the code that it
    // brings.
    {"ring-mini-linear-2.0",
     2 * 157184.0 * 2048 + 2048 + 20 * 2 * 2048 + 16 * (5 * 2048.0 * 2048 + 2 * 128 + 2048) +
         4 * (2048.0 * (2048 + 2 * 512 + 2048) + 2 * 128) + 3.0 * 2048 * 5120 +
         19 * (257 * 3.0 * 2048 * 512 + 256 * 2048),
     0},
};

template <class Mixer>
int count_of(const Model& model) {
  int count = 0;
  for (const int kind : model.layers)
    count += std::holds_alternative<Mixer>(model.blocks[static_cast<std::size_t>(kind)].mixer) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("hf hybrids: every configuration has its published count") {
  check_counts(folder, published);
}

TEST_CASE("hf hybrids: a token visits the experts that its configuration says") {
  check_visits(folder, {{"kimi-linear-48b-a3b", 26, 256 - 8, 3.0 * 2304 * 1024},
                        {"minimax-m1-80k", 80, 32 - 2, 3.0 * 6144 * 9216},
                        {"ring-mini-linear-2.0", 19, 256 - 8, 3.0 * 2048 * 512},
                        {"lfm2-8b-a1b", 22, 32 - 4, 3.0 * 2048 * 1792}});
}

TEST_CASE("hf hybrids: Kimi Linear has three layers of delta attention for one of latent attention") {
  const std::string kimi = config("kimi-linear-48b-a3b");
  const Model model = model_of(kimi);
  CHECK(count_of<GatedDeltaNet>(model) == 20);
  CHECK(count_of<LatentAttention>(model) == 7);
  CHECK(model.blocks.size() == 3);  // the first layer alone is dense
  for (const Layer& layer : model.blocks)
    if (const auto* latent = std::get_if<LatentAttention>(&layer.mixer)) CHECK_FALSE(latent->rotary);
  // Keys and values of latent attention, and a state and three columns of convolutions for each delta layer.
  const ModelSummary summary = summary_of(kimi);
  CHECK(summary.cache_bytes == 7 * 2.0 * (512 + 64) * 16384);
  CHECK(summary.state_bytes == 20 * (4.0 * 32 * 128 * 128 + 2.0 * 3 * 4096 * 4));

  refused(replaced(kimi, "\"kda_layers\": [1, 2,", "\"kda_layers\": [0, 2,"),
          "'linear_attn_config.kda_layers'");
  refused(replaced(kimi, "\"kda_layers\": [1, 2,", "\"kda_layers\": [2, 2,"), "names a layer a second time");
  refused(replaced(kimi, "\"kda_layers\": [1, 2,", "\"kda_layers\": [2,"), "together leave a layer out");
  refused(replaced(kimi, "\"kda_layers\": [1, 2,", "\"kda_layers\": [1, 2, 4,"),
          "'linear_attn_config.full_attn");
  refused(replaced(kimi, "\"num_nextn_predict_layers\": 0", "\"num_nextn_predict_layers\": 1"),
          "'num_nextn_predict_layers'");
  // Kimi K3's language model calls itself the same.
  refused(with(kimi, "\"attn_res_block_size\": 12"), "'attn_res_block_size'");
  refused(with(kimi, "\"routed_expert_hidden_size\": 3584"), "'routed_expert_hidden_size'");
  refused(with(kimi, "\"mla_use_output_gate\": true"), "'mla_use_output_gate'");
  refused(replaced(kimi, "\"num_heads\": 32", "\"num_heads\": 32, \"use_full_rank_gate\": true"),
          "'linear_attn_config.use_full_rank_gate'");
}

TEST_CASE("hf hybrids: MiniMax-01 has seven layers of lightning attention for one of softmax attention") {
  const std::string minimax = config("minimax-m1-80k");
  const Model model = model_of(minimax);
  CHECK(count_of<LightningAttention>(model) == 70);
  CHECK(count_of<Attention>(model) == 10);
  const ModelSummary summary = summary_of(minimax);
  // "456B parameters, 45.9B activated" (arXiv 2501.08313), embedding and head apart.
  CHECK(std::round((summary.total.active_parameters - 2 * 200064.0 * 6144) / 1e8) == 459);
  CHECK(summary.state_bytes == 70 * 4.0 * 64 * 128 * 128);
  CHECK(summary.cache_bytes == 10 * 2.0 * 2 * 8 * 128 * 16384);
  CHECK(total_of(replaced(minimax, "minimax_m1", "minimax_text_01")).parameters == 456089655296);

  // transformers lists kinds by words, and without them every second layer is lightning attention.
  std::string words;
  for (int i = 0; i < 80; ++i)
    words += std::string(i > 0 ? ", " : "") + (i % 8 == 7 ? "\"full_attention\"" : "\"linear_attention\"");
  const std::string listed = replaced(minimax, "minimax_m1", "minimax");
  CHECK(total_of(listed).parameters == 456089655296);
  const std::string worded = with(listed, "\"layer_types\": [" + words + "]");
  CHECK(total_of(worded).parameters == 456089655296);
  const std::string bare = replaced(listed, "\"attn_type_list\"", "\"unknown\"");
  CHECK(count_of<LightningAttention>(model_of(bare)) == 40);
  CHECK(std::holds_alternative<Attention>(model_of(bare).blocks[0].mixer));
  CHECK(model_of(bare).layers[0] == 0);

  refused(replaced(minimax, "\"attn_type_list\"", "\"unknown\""), "'attn_type_list' is missing");
  refused(replaced(minimax, "[\n    0,", "[\n    2,"), "an entry other than 0 and 1");
  refused(replaced(minimax, "[\n    0,", "[\n"), "has not one entry for each layer");
  refused(replaced(minimax, "\"shared_intermediate_size\": 0", "\"shared_intermediate_size\": 64"),
          "'shared_intermediate_size'");
  refused(with(listed, "\"use_qk_norm\": true"), "'use_qk_norm'");
}

TEST_CASE("hf hybrids: Ring-linear has softmax attention at the end of each group of layers") {
  const std::string ring = config("ring-mini-linear-2.0");
  const Model model = model_of(ring);
  CHECK(count_of<LightningAttention>(model) == 16);
  CHECK(count_of<Attention>(model) == 4);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Layer& layer = model.blocks[static_cast<std::size_t>(model.layers[i])];
    CHECK(std::holds_alternative<Attention>(layer.mixer) == (i % 5 == 4));
    CHECK(std::holds_alternative<Mlp>(layer.feed_forward) == (i == 0));
  }
  // "16B parameters and 957M activations" (arXiv 2510.19338), embedding and head apart.
  const Totals total = total_of(ring);
  CHECK(std::round(total.parameters / 1e9) == 16);
  CHECK(std::round((total.active_parameters - 2 * 157184.0 * 2048) / 1e6) == 957);
  // 20 layers in groups of 6 leave two that are softmax attention as well.
  CHECK(count_of<Attention>(model_of(replaced(ring, "\"layer_group_size\": 5", "\"layer_group_size\": 6"))) ==
        5);
  refused(replaced(ring, "\"head_dim\": 128", "\"head_dim\": 64"), "'num_attention_heads'");
  refused(replaced(ring, "\"use_qkv_bias\": false", "\"use_qkv_bias\": true"), "'use_qkv_bias'");
  refused(replaced(ring, "\"num_nextn_predict_layers\": 0", "\"num_nextn_predict_layers\": 1"),
          "'num_nextn_predict_layers'");
  refused(replaced(ring, "\"layer_group_size\": 5", "\"layer_group_size\": 0"), "'layer_group_size'");
}

TEST_CASE("hf hybrids: Falcon-H1 has Mamba-2 and attention in every layer") {
  const std::string falcon = config("falcon-h1-0.5b");
  const Model model = model_of(falcon);
  REQUIRE(model.blocks.size() == 1);
  REQUIRE(model.blocks[0].parallel_attention);
  CHECK(model.blocks[0].parallel_attention->kv_heads == 2);
  const ModelSummary summary = summary_of(falcon);
  CHECK(summary.cache_bytes == 36 * 2.0 * 2 * 2 * 64 * 16384);
  CHECK(summary.state_bytes == 36 * (4.0 * 1536 * 128 + 2.0 * (1536 + 2 * 128) * 4));
  // 8 heads of 64, half of the square, forward and twice that backward.
  CHECK(summary.attention_flops == 36 * 6.0 * 512 * 16384);
  CHECK(summary.recurrence_flops == 36 * 21.0 * 1536 * 128);
  // A norm of the width of the state space in each layer.
  CHECK(total_of(replaced(falcon, "\"mamba_rms_norm\": false", "\"mamba_rms_norm\": true")).parameters -
            summary.total.parameters ==
        36 * 1536);
  // The width by its factor where it is null: twice 1024, in 32 heads of 64.
  const std::string null_width = replaced(replaced(falcon, "\"mamba_d_ssm\": 1536", "\"mamba_d_ssm\": null"),
                                          "\"mamba_n_heads\": 24", "\"mamba_n_heads\": 32");
  CHECK(std::get<Mamba2>(model_of(null_width).blocks[0].mixer).heads == 32);
  CHECK(summary_of(null_width).state_bytes == 36 * (4.0 * 2048 * 128 + 2.0 * (2048 + 2 * 128) * 4));
  refused(replaced(falcon, "\"mamba_d_head\": 64", "\"mamba_d_head\": 32"), "'mamba_d_head'");
  refused(replaced(falcon, "\"mamba_n_heads\": 24", "\"mamba_n_heads\": 25"), "'mamba_n_heads'");
  refused(replaced(falcon, "\"projectors_bias\": false", "\"projectors_bias\": true"), "'projectors_bias'");
  refused(replaced(falcon, "\"attn_layer_indices\": null", "\"attn_layer_indices\": [0]"),
          "'attn_layer_indices'");
}

TEST_CASE("hf hybrids: LFM2 has short convolutions, and attention where its configuration says") {
  const std::string lfm = config("lfm2-1.2b");
  const Model model = model_of(lfm);
  CHECK(count_of<ShortConvolution>(model) == 10);
  CHECK(count_of<Attention>(model) == 6);
  CHECK(model.tied_head);
  const double total = total_of(lfm).parameters;
  const ModelSummary summary = summary_of(lfm);
  CHECK(summary.cache_bytes == 6 * 2.0 * 2 * 8 * 64 * 16384);
  CHECK(summary.state_bytes == 10 * 2.0 * 2048 * 3);
  CHECK(summary.recurrence_flops == 0);

  // Two thirds of 12288 are 8192, as the configuration of a later model writes it.
  const std::string plain =
      replaced(replaced(lfm, "\"block_ff_dim\": 12288", "\"intermediate_size\": 8192"),
               "\"block_auto_adjust_ff_dim\": true", "\"block_auto_adjust_ff_dim\": false");
  CHECK(total_of(plain).parameters == total);
  // 1.1 · 8192 = 9011.2, to whole 256s.
  CHECK(total_of(replaced(lfm, "\"block_ffn_dim_multiplier\": 1.0", "\"block_ffn_dim_multiplier\": 1.1"))
                .parameters -
            total ==
        16 * 3 * 2048.0 * (9216 - 8192));
  // A null factor is none; one that is left out is the class's.
  CHECK(total_of(replaced(lfm, "\"block_ffn_dim_multiplier\": 1.0", "\"block_ffn_dim_multiplier\": null"))
            .parameters == total);
  CHECK(total_of(replaced(lfm, "  \"block_ffn_dim_multiplier\": 1.0,\n", "")).parameters == total);
  CHECK(total_of(replaced(lfm, "\"full_attn_idxs\": [2, 5, 8, 10, 12, 14]", "\"full_attn_idxs\": null"))
                .parameters -
            total ==
        10 * (2048.0 * (2048 + 1024) + 2048 * 2048 + 2 * 64 - (4 * 2048.0 * 2048 + 3 * 2048)));
  CHECK(total_of(with(lfm, "\"tie_embedding\": false")).parameters - total == 65536 * 2048.0);
  // A bias for each of three inputs, for the convolution and for the output.
  CHECK(total_of(replaced(lfm, "\"conv_bias\": false", "\"conv_bias\": true")).parameters - total ==
        10 * (3 + 1 + 1) * 2048);
  refused(replaced(lfm, "[2, 5,", "[2, 16,"), "'full_attn_idxs'");
  refused(replaced(lfm, "\"block_multiple_of\": 256", "\"block_multiple_of\": 0"), "'block_multiple_of'");
  refused(replaced(lfm, "\"block_ffn_dim_multiplier\": 1.0", "\"block_ffn_dim_multiplier\": 1e7"),
          "which no model has");

  const std::string moe = config("lfm2-8b-a1b");
  CHECK(count_of<Attention>(model_of(moe)) == 6);
  refused(replaced(moe, "\"layer_types\"", "\"unknown\""), "'layer_types' is missing");
  refused(replaced(moe, "\"full_attention\"", "\"attention\""), "'attention' is no kind of layer");
}
