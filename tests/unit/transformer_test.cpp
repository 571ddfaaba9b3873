#include "catch.h"
#include "core/model_summary.h"

using namespace trainbudget;

namespace {

Model dense(int layers, int hidden, int vocabulary, const Attention& attention, const Mlp& mlp) {
  Model model{
      .hidden_size = hidden, .vocabulary = vocabulary, .blocks = {{.mixer = attention, .feed_forward = mlp}}};
  model.layers.assign(static_cast<std::size_t>(layers), 0);
  return model;
}

Model llama_3_8b() {
  return dense(32, 4096, 128256, {.heads = 32, .kv_heads = 8, .head_size = 128, .rotary = true},
               {.intermediate_size = 14336, .gated = true});
}

Model gpt_3_175b() {
  Model model = dense(
      96, 12288, 51200,
      {.heads = 96, .kv_heads = 96, .head_size = 128, .query_key_value_bias = true, .output_bias = true},
      {.intermediate_size = 49152, .bias = true});
  model.norm = NormKind::layer_norm;
  model.tied_head = true;
  model.learned_positions = 2048;
  model.dropout = true;
  return model;
}

}  // namespace

TEST_CASE("Llama 3 8B, worked by hand") {
  const ModelSummary sum = summarize(expand(llama_3_8b()), {.length = 8192});
  // h² for queries, h²/4 each for keys and values, h² for the output; three matrices h × 14336; two norms.
  const double h = 4096;
  const double layer = 2.5 * h * h + 3 * h * 14336 + 2 * h;
  CHECK(sum.total.parameters == 32 * layer + 2 * 128256 * h + h);
  CHECK(sum.total.parameters == 8030261248);
  CHECK(sum.of(Part::embedding).parameters == 128256 * h);
  CHECK(sum.of(Part::head).parameters == 128256 * h);
  // Scores and sums: 4·h·s/2 forward, twice that backward.
  CHECK(sum.attention_flops == 32 * 6 * h * 8192);
  CHECK(sum.total.flops() == 6 * (32 * (layer - 2 * h) + 128256 * h) + sum.attention_flops);
  CHECK(sum.selective_recompute_flops == sum.attention_flops / 3);
  CHECK(sum.cache_bytes == 32.0 * 2 * 2 * 1024 * 8192);
}

TEST_CASE("6N + 12·L·h·s is the full count of attention") {
  const ModelOps ops = expand(llama_3_8b());
  CHECK(six_n_plus_attention_flops(ops, {.length = 8192}) == 6.0 * 8030261248 + 12.0 * 32 * 4096 * 8192);
  Sequence full{.length = 8192, .count = AttentionCount::full};
  CHECK(summarize(ops, full).attention_flops == 12.0 * 32 * 4096 * 8192);
}

TEST_CASE("activations of the classic block are 34·s·b·h + 5·a·s²·b bytes") {
  // Korthikanti et al., arXiv 2205.05198, equation 1. The fused kernel's log-sum-exp (4 bytes per head) comes
  // on top.
  const ModelOps ops = expand(gpt_3_175b());
  double saved = 0.0;
  double per_key = 0.0;
  double whole = 0.0;  // what tensor parallelism does not divide
  for (const Op& op : ops.blocks[0].ops) {
    saved += op.saved_bytes;
    per_key += op.saved_bytes_per_key;
    if (op.saved_split == Split::sequence) whole += op.saved_bytes;
  }
  CHECK(saved == 34.0 * 12288 + 4.0 * 96);
  CHECK(per_key == 5.0 * 96);
  CHECK(whole == 10.0 * 12288);  // equation 2: 10 + 24/t
  CHECK(ops.blocks[0].tensor_collectives == 2.0);
}

TEST_CASE("GPT-3 175B has 6·N·D beside its exact count") {
  const ModelSummary sum = summarize(expand(gpt_3_175b()), {.length = 2048});
  // 12·L·h² weights, biases and norms 13·h per layer, tied vocabulary, positions, final norm.
  const double h = 12288;
  CHECK(sum.total.parameters == 96 * (12 * h * h + 13 * h) + (51200 + 2048) * h + 2 * h);
  double explained = 0.0;
  for (const double term : sum.gap)
    explained += term;
  CHECK(sum.total.flops() - sum.six_n_flops == Approx(explained).epsilon(1e-12));
  CHECK(sum.gap_of(GapTerm::embedding_lookup) == -6.0 * (51200 + 2048) * h);
  CHECK(sum.gap_of(GapTerm::tied_head) == 6.0 * 51200 * h);
  CHECK(sum.gap_of(GapTerm::attention) == 96 * 6 * h * 2048);
  CHECK(sum.gap_of(GapTerm::inactive_experts) == 0.0);
}

TEST_CASE("a sliding window bounds the attended keys") {
  const Op op{.name = "core", .kind = OpKind::attention_core, .window = 1024};
  CHECK(attended_keys(op, {.length = 1024}) == 512);
  CHECK(attended_keys(op, {.length = 512}) == 256);
  // The first 1024 queries see 512 on average, the other 3072 see 1024.
  CHECK(attended_keys(op, {.length = 4096}) == (1024 * 512.0 + 3072 * 1024.0) / 4096);
  CHECK(attended_keys(op, {.length = 4096, .count = AttentionCount::full}) == 1024);
}

TEST_CASE("chunked attention restarts at every chunk") {
  const Op op{.name = "core", .kind = OpKind::attention_core, .chunk = 1000};
  CHECK(attended_keys(op, {.length = 1000}) == 500);
  CHECK(attended_keys(op, {.length = 4000}) == 500);
  CHECK(attended_keys(op, {.length = 2500}) == (2000 * 500.0 + 500 * 250.0) / 2500);
}

TEST_CASE("packed documents attend within themselves") {
  const Op op{.name = "core", .kind = OpKind::attention_core};
  Sequence packed{.length = 4096};
  packed.documents = {{{.tokens = 1024, .share = 0.75}, {.tokens = 4096, .share = 0.25}}};
  packed.document_lengths = 2;
  CHECK(attended_keys(op, packed) == 0.75 * 512 + 0.25 * 2048);
}

TEST_CASE("a published benchmark counts 6N and the full square, with the embedding in N") {
  // mosaicml/llm-foundry scripts/train/benchmarking/README.md @8c8dd48, H100 80GB BF16: MPT-7B, 2,048 tokens,
  // prints 6,658,859,008 parameters and 436 TFLOP/s at 10,119.3 tokens/s and GPU.
  Model model = dense(
      32, 4096, 50368,
      {.heads = 32, .kv_heads = 32, .head_size = 128, .query_key_value_bias = true, .output_bias = true},
      {.intermediate_size = 16384, .bias = true});
  model.norm = NormKind::layer_norm;
  model.tied_head = true;
  model.learned_positions = 2048;
  const ModelOps ops = expand(model);
  CHECK(summarize(ops, {}).total.parameters == 6658859008);
  CHECK(six_n_plus_attention_flops(ops, {.length = 2048}) == Approx(436e12 / 10119.3).epsilon(0.003));
}
