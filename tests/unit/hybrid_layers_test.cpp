// Layers of hybrids, worked by hand.
#include "catch.h"
#include "core/model_summary.h"

#include <algorithm>

using namespace trainbudget;

namespace {

/// The operations of one layer of `mixer` and no more.
Block block_of(const Layer& layer, int hidden) {
  return expand({.hidden_size = hidden, .vocabulary = 1, .blocks = {layer}, .layers = {0}}).blocks.front();
}

const Op& find(const Block& block, std::string_view name) {
  const auto found =
      std::find_if(block.ops.begin(), block.ops.end(), [&](const Op& op) { return op.name == name; });
  REQUIRE(found != block.ops.end());
  return *found;
}

double saved_of(const Block& block) {
  double saved = 0.0;
  for (const Op& op : block.ops)
    saved += op.saved_bytes;
  return saved;
}

}  // namespace

TEST_CASE("Kimi delta attention, worked by hand") {
  const GatedDeltaNet delta{.key_heads = 32,
                            .value_heads = 32,
                            .key_head_size = 128,
                            .value_head_size = 128,
                            .conv_size = 4,
                            .decay_rank = 128,
                            .gate_rank = 128};
  const double h = 2304;
  const double width = 32 * 128;
  const Block block = block_of({.mixer = delta}, 2304);
  const Totals total = totals_of(block, {.length = 4096});
  // Queries, keys, values and output; a strength per head; two matrices each for decays and gates.
  const double matrices = 4 * h * width + h * 32 + 2 * (h * 128 + 128 * width);
  // Convolutions; a decay per head with a bias per channel; a norm over a head; the norm before the layer.
  CHECK(total.parameters == matrices + 3 * width * 4 + 32 + width + 128 + h);
  const double state = 32.0 * 128 * 128;
  CHECK(total.forward_flops == 2 * matrices + 7 * state);
  CHECK(total.backward_flops == 4 * matrices + 14 * state);
  CHECK(block.state_bytes == 4 * state + 2 * 3 * width * 4);
  CHECK(block.tensor_collectives == 1.0);
  // The norm's input, the one input of all projections, the two ranks, what is convolved before and after,
  // strengths in fp32, decays of channels, the norm's two inputs, the output's input.
  CHECK(saved_of(block) ==
        2 * h + 2 * h + 2 * 2 * 128 + 2 * 2 * 3 * width + 4 * 32 + 2 * width + 4 * width + 2 * width);
  CHECK(find(block, "delta_net.rule").forward_bytes == 2 * (4 * width) + 4 * 32 + 2 * width);

  // One decay per head and a full gate are what a gated delta net has.
  GatedDeltaNet gated = delta;
  gated.decay_rank = gated.gate_rank = 0;
  const Totals whole = totals_of(block_of({.mixer = gated}, 2304), {.length = 4096});
  CHECK(whole.parameters - total.parameters ==
        h * width - (h * 128 + 128 * width) + h * 32 - (h * 128 + 128 * width) + 32 - width);
}

TEST_CASE("latent attention without a rotary embedding moves less and computes the same") {
  const LatentAttention rotary{
      .heads = 32, .kv_rank = 512, .head_size = 128, .rotary_size = 64, .value_size = 128};
  LatentAttention plain = rotary;
  plain.rotary = false;
  const Block with = block_of({.mixer = rotary}, 2304);
  const Block without = block_of({.mixer = plain}, 2304);
  CHECK(totals_of(with, {.length = 4096}).parameters == totals_of(without, {.length = 4096}).parameters);
  CHECK(totals_of(with, {.length = 4096}).flops() == totals_of(without, {.length = 4096}).flops());
  CHECK(with.ops.size() == without.ops.size() + 1);
}

TEST_CASE("lightning attention, worked by hand") {
  const double h = 6144;
  const double width = 64 * 128;
  const LightningAttention lightning{.heads = 64, .head_size = 128, .silu = true};
  const Block block = block_of({.mixer = lightning}, 6144);
  const Totals total = totals_of(block, {.length = 4096});
  // Queries, keys, values, gate and output; a norm over all heads and the one before the layer.
  CHECK(total.parameters == 5 * h * width + width + h);
  const double state = 64.0 * 128 * 128;
  CHECK(total.forward_flops == 2 * 5 * h * width + 5 * state);
  CHECK(total.backward_flops == 2 * total.forward_flops);
  CHECK(block.state_bytes == 4 * state);
  CHECK(block.cache_bytes_per_token == 0.0);
  // The norm's input and the projection's, queries, keys and values before and after SiLU, what the norm
  // multiplies, the output's input.
  CHECK(saved_of(block) == 2 * h + 2 * h + 6 * width + 6 * width + 4 * width + 2 * width);
  CHECK(find(block, "lightning_attention.scan").forward_bytes == 8 * width);

  LightningAttention normed = lightning;
  normed.query_key_norm = normed.rotary = true;
  const Block more = block_of({.mixer = normed}, 6144);
  CHECK(totals_of(more, {.length = 4096}).parameters - total.parameters == 2 * 128);
  CHECK(totals_of(more, {.length = 4096}).flops() == total.flops());
  CHECK(saved_of(more) - saved_of(block) == 4 * width);
}

TEST_CASE("attention beside a mixer adds its own work, and shares the norm, the input and the collective") {
  const Mamba2 mamba{.heads = 24, .head_size = 64, .state_size = 128, .groups = 1, .conv_size = 4};
  const Attention attention{.heads = 8, .kv_heads = 2, .head_size = 64, .rotary = true};
  const double h = 1024;
  const Block alone = block_of({.mixer = mamba}, 1024);
  const Block beside = block_of({.mixer = attention}, 1024);
  const Block both = block_of({.mixer = mamba, .parallel_attention = attention}, 1024);
  const Sequence sequence{.length = 4096};
  const auto sum = [&](auto member) {
    return totals_of(alone, sequence).*member + totals_of(beside, sequence).*member;
  };
  CHECK(totals_of(both, sequence).parameters == sum(&Totals::parameters) - h);  // one norm
  CHECK(totals_of(both, sequence).forward_flops == sum(&Totals::forward_flops));
  CHECK(totals_of(both, sequence).backward_flops == sum(&Totals::backward_flops));
  CHECK(saved_of(both) == saved_of(alone) + saved_of(beside) - 2 * h - 2 * h);  // and the norm's output
  CHECK(both.tensor_collectives == alone.tensor_collectives);
  CHECK(both.cache_bytes_per_token == beside.cache_bytes_per_token);
  CHECK(both.state_bytes == alone.state_bytes);

  Model wrong{.hidden_size = 1024,
              .vocabulary = 1,
              .blocks = {{.parallel_attention = attention, .feed_forward = Mlp{.intermediate_size = 1}}},
              .layers = {0}};
  CHECK(problem(wrong) == "parallel_attention needs a mixer beside it");
  wrong.blocks[0].mixer = mamba;
  CHECK(problem(wrong).empty());
  wrong.blocks[0].parallel_attention->attends = Attends::cross;
  CHECK(problem(wrong) == "parallel_attention must not attend to the encoder");
}

TEST_CASE("Mamba-2 without its norm multiplies by the gate") {
  const Mamba2 normed{.heads = 24, .head_size = 64, .state_size = 128, .groups = 1, .conv_size = 4};
  Mamba2 plain = normed;
  plain.gated_norm = false;
  const Block with = block_of({.mixer = normed}, 1024);
  const Block without = block_of({.mixer = plain}, 1024);
  CHECK(totals_of(with, {}).parameters - totals_of(without, {}).parameters == 1536);
  CHECK(totals_of(with, {}).forward_flops == totals_of(without, {}).forward_flops);
  CHECK(saved_of(with) == saved_of(without));
}

TEST_CASE("a gated short convolution, worked by hand") {
  const double h = 2048;
  const Block block = block_of({.mixer = ShortConvolution{.conv_size = 3}}, 2048);
  const Totals total = totals_of(block, {.length = 4096});
  // Two gates and what they gate, the output; the convolution; the norm before the layer.
  CHECK(total.parameters == 4 * h * h + 3 * h + h);
  CHECK(total.forward_flops == 2 * 4 * h * h);
  CHECK(total.backward_flops == 2 * total.forward_flops);
  // The inputs of the norm and the projection; both factors of each product, and between them the
  // convolution's input; the output's input.
  CHECK(saved_of(block) == 2 * h + 2 * h + 4 * h + 2 * h + 4 * h + 2 * h);
  CHECK(block.state_bytes == 2 * h * 3);
  CHECK(block.tensor_collectives == 1.0);
  const Block biased = block_of({.mixer = ShortConvolution{.conv_size = 3, .bias = true}}, 2048);
  CHECK(totals_of(biased, {}).parameters - total.parameters == (3 + 1 + 1) * h);
}

TEST_CASE("a learned activation has two weights and no more work") {
  const Mlp relu{.intermediate_size = 21504};
  Mlp learned = relu;
  learned.learned_activation = true;
  const Block with = block_of({.feed_forward = learned}, 4096);
  const Block without = block_of({.feed_forward = relu}, 4096);
  CHECK(find(with, "mlp.activation").parameters == 2);
  CHECK(totals_of(with, {}).parameters - totals_of(without, {}).parameters == 2);
  CHECK(totals_of(with, {}).flops() == totals_of(without, {}).flops());
  CHECK(saved_of(with) == saved_of(without));
}

TEST_CASE("latent attention with an indexer, worked by hand") {
  const LatentAttention dense{.heads = 128,
                              .query_rank = 1536,
                              .kv_rank = 512,
                              .head_size = 128,
                              .rotary_size = 64,
                              .value_size = 128};
  LatentAttention sparse = dense;
  sparse.index_heads = 64;
  sparse.index_head_size = 128;
  sparse.index_top_k = 2048;
  const double h = 7168;
  const double length = 65536;
  const Sequence sequence{.length = length};
  const Totals all = totals_of(block_of({.mixer = dense}, 7168), sequence);
  const Block block = block_of({.mixer = sparse}, 7168);
  const Totals some = totals_of(block, sequence);
  // Queries from the compressed ones, one key and a weight for each head, a LayerNorm of the key.
  const double indexer = 64.0 * 128 * 1536 + h * (128 + 64);
  CHECK(some.parameters - all.parameters == indexer + 2 * 128);
  // Half of all keys for the indexer; a window's number of them for attention, over 576 and 512 latent
  // channels in place of 192 and 128.
  const double keys = 2048 - 2048.0 * 2048 / (2 * length);
  CHECK(some.forward_flops - all.forward_flops == 2 * indexer + 2 * 64 * 128 * length / 2 +
                                                      2 * 128 * (576 + 512) * keys -
                                                      2 * 128 * (192 + 128) * length / 2);
  CHECK(some.backward_flops == 2 * some.forward_flops);
  CHECK(find(block, "attention.core").kv_heads == 1);
  CHECK(block.cache_bytes_per_token == 2 * (512 + 64 + 128));
  CHECK(block.cache_window == 0);
  // The inputs of the norm, of all projections of it, and of the norms of compressed queries and keys with
  // theirs; the queries that the matrix of keys takes to latent channels; of the indexer its norm's input,
  // its queries, key and weights, and what is selected; queries, latent vectors, log-sum-exps and outputs of
  // the core; the input of the output.
  CHECK(saved_of(block) == 2 * h + 2 * h + 2 * 2 * 1536 + 2 * 512 + 2 * 128 * 128 + 2 * 128 +
                               2 * (64 * 128 + 128 + 64) + 4 * 2048 + 2 * (128 * 576 + 576) + 4 * 128 +
                               2 * 128 * 512 + 2 * 128 * 128);

  const auto problem_of = [](const LatentAttention& attention) {
    return problem({.hidden_size = 64, .vocabulary = 1, .blocks = {{.mixer = attention}}, .layers = {0}});
  };
  CHECK(problem_of(sparse).empty());
  LatentAttention wrong = sparse;
  wrong.index_top_k = 0;
  CHECK(problem_of(wrong) == "index_heads, index_head_size and index_top_k go together");
  wrong = sparse;
  wrong.query_rank = 0;
  CHECK(problem_of(wrong) == "an indexer needs query_rank, from which it makes its queries");
}
