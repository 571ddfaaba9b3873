#include "core/recipe.h"

#include "catch.h"
#include "core/model_summary.h"

using namespace trainbudget;

namespace {

constexpr double hidden = 256;
constexpr double inner = 1024;
constexpr int layers = 4;

ModelOps small_model() {
  Model model{.hidden_size = 256,
              .vocabulary = 1000,
              .blocks = {{.mixer = Attention{.heads = 4, .kv_heads = 4, .head_size = 64},
                          .feed_forward = Mlp{.intermediate_size = 1024}}}};
  model.layers.assign(layers, 0);
  return expand(model);
}

}  // namespace

TEST_CASE("bytes per parameter of full training are the usual 18 with fp32 gradients") {
  // Rajbhandari et al., arXiv 1910.02054, section 3.1: 2 + 2 + 12; gradients here are accumulated in fp32.
  const ModelOps model = small_model();
  const double parameters = summarize(model, {}).total.parameters;
  CHECK(training_state({}, model).total() == 18 * parameters);
  CHECK(training_state({.gradient_bytes = 2}, model).total() == 16 * parameters);
  CHECK(training_state({.gradient_bytes = 2, .master_weights = false}, model).total() == 12 * parameters);
}

TEST_CASE("optimizers differ in what they hold") {
  CHECK(optimizer_state_bytes(Optimizer::adamw, true) == 8);
  CHECK(optimizer_state_bytes(Optimizer::adamw_16_bit, true) == 4);
  CHECK(optimizer_state_bytes(Optimizer::adamw_8_bit, true) == 2.03125);
  CHECK(optimizer_state_bytes(Optimizer::lion, true) == 4);
  CHECK(optimizer_state_bytes(Optimizer::sgd, true) == 0);
  // Muon has one momentum for matrices; embeddings and vectors stay with AdamW.
  const ModelOps model = small_model();
  const double matrices = layers * (4 * hidden * hidden + 2 * hidden * inner) + 1000 * hidden;
  const double rest = 1000 * hidden + (2 * layers + 1) * hidden;
  CHECK(training_state({.optimizer = Optimizer::muon}, model).optimizer == 4 * matrices + 8 * rest);
}

TEST_CASE("LoRA trains only the adapters") {
  const Recipe recipe{.adapters = LowRankAdapters{.rank = 8}};
  const ModelOps model = apply(recipe, small_model());
  const ModelSummary sum = summarize(model, {.length = 512});
  const ModelSummary full = summarize(small_model(), {.length = 512});
  // Fused query, key and value: 256 → 768; output: 256 → 256.
  const double adapters = layers * 8 * ((hidden + 3 * hidden) + (hidden + hidden));
  CHECK(sum.of(Part::adapter).parameters == adapters);
  CHECK(sum.total.trained_parameters == adapters);
  CHECK(sum.total.parameters == full.total.parameters + adapters);
  // A frozen matrix does 2 + 2 FLOPs per weight instead of 2 + 4, an adapter the full 6.
  const double matrices = layers * (4 * hidden * hidden + 2 * hidden * inner) + 1000 * hidden;
  CHECK(sum.total.flops() == 4 * matrices + 6 * adapters + full.attention_flops);
  CHECK(sum.gap_of(GapTerm::frozen) == -2 * matrices);
  // Only the adapters have gradients and optimizer state.
  const TrainingState state = training_state(recipe, model);
  CHECK(state.gradients == 4 * adapters);
  CHECK(state.weights == 2 * (full.total.parameters + adapters));
}

TEST_CASE("feed-forward adapters are a choice") {
  const Recipe recipe{.adapters = LowRankAdapters{.rank = 8, .attention = false, .feed_forward = true}};
  const ModelSummary sum = summarize(apply(recipe, small_model()), {});
  CHECK(sum.total.trained_parameters == layers * 8 * 2 * (hidden + inner));
}

TEST_CASE("QLoRA holds its frozen matrices in 4 bit") {
  const Recipe recipe{.weight_bytes = 0.5, .adapters = LowRankAdapters{.rank = 8}};
  const ModelOps model = apply(recipe, small_model());
  const ModelSummary sum = summarize(model, {});
  const double matrices = layers * (4 * hidden * hidden + 2 * hidden * inner);  // the head stays in 16 bit
  const double others = sum.total.parameters - sum.total.trained_parameters - matrices;
  CHECK(training_state(recipe, model).weights ==
        Approx(matrices * (0.5 + quantized_scale_bytes) + 2 * (others + sum.total.trained_parameters)));
}

TEST_CASE("frozen first layers have no backward pass") {
  const ModelOps model = apply({.frozen_layers = 3}, small_model());
  const ModelSummary sum = summarize(model, {.length = 512});
  const ModelSummary full = summarize(small_model(), {.length = 512});
  CHECK(model.layers == std::vector<int>{1, 1, 1, 0});
  CHECK(sum.total.forward_flops == full.total.forward_flops);
  CHECK(sum.layers.backward_flops == full.layers.backward_flops / layers);
  CHECK(sum.total.parameters == full.total.parameters);
  CHECK(sum.total.trained_parameters == full.layers.parameters / layers + hidden + 1000 * hidden);
}

TEST_CASE("inputs of products are kept as they are multiplied, and an attention's output in 16 bit as well") {
  const Op product = small_model().blocks.front().ops.at(1);
  REQUIRE(product.name == "attention.query_key_value");
  REQUIRE(product.saved_bytes == 2.0 * product.k);
  CHECK(saved_bytes({}, product) == product.saved_bytes);
  CHECK(saved_bytes({.saved_input_bytes = saved_input_bytes(Precision::fp8)}, product) == product.k);
  CHECK(saved_bytes({.saved_input_bytes = saved_input_bytes(Precision::fp4)}, product) == 0.5625 * product.k);
  CHECK(saved_input_bytes(Precision::bf16) == 2.0);

  Op output = product;
  output.input_kept_before = true;
  CHECK(saved_bytes({}, output) == 2.0 * output.k);
  CHECK(saved_bytes({.saved_input_bytes = 1.0}, output) == 3.0 * output.k);
  // Frozen, it has no gradient of its weights; the attention still keeps its output.
  output.trained_parameters = 0.0;
  CHECK(saved_bytes({.saved_input_bytes = 1.0}, output) == 2.0 * output.k);
  // Heads are multiplied in 16 bit.
  Op head = product;
  head.arithmetic = Arithmetic::wide;
  CHECK(saved_bytes({.saved_input_bytes = 1.0}, head) == head.saved_bytes);
}

TEST_CASE("weights held in 8 bit weigh half where they are multiplied in 8 bit") {
  const Recipe recipe{.weight_bytes = 1.0, .trained_weight_bytes = 1.0};
  const double multiplied = layers * (4 * hidden * hidden + 2 * hidden * inner);
  const double full = training_state(Recipe{}, small_model()).weights;
  CHECK(training_state(recipe, small_model()).weights == Approx(full - multiplied));
  CHECK(training_state(recipe, small_model()).optimizer == training_state(Recipe{}, small_model()).optimizer);
}
