// Bytes per accelerator, by hand and against a published anchor.
#include "core/memory.h"

#include "catch.h"

using namespace trainbudget;

namespace {

Model gpt_3_175b() {
  Model model{.hidden_size = 12288, .vocabulary = 51200};
  model.blocks = {{.mixer = Attention{.heads = 96,
                                      .kv_heads = 96,
                                      .head_size = 128,
                                      .query_key_value_bias = true,
                                      .output_bias = true},
                   .feed_forward = Mlp{.intermediate_size = 49152, .bias = true}}};
  model.layers.assign(96, 0);
  model.norm = NormKind::layer_norm;
  model.tied_head = true;
  model.learned_positions = 2048;
  model.dropout = true;
  return model;
}

Workload workload(const Recipe& recipe) {
  return gather(apply(recipe, expand(gpt_3_175b())), {.length = 2048}, recipe, false);
}

/// Nothing but what the operations say: no reserve, no contexts.
Efficiency bare() {
  Efficiency efficiency = typical_efficiency();
  efficiency[Parameter::activation_factor] = 1.0;
  efficiency[Parameter::memory_reserve] = 0.0;
  efficiency[Parameter::fixed_memory] = 0.0;
  return efficiency;
}

constexpr double gib = 1024.0 * 1024.0 * 1024.0;

}  // namespace

TEST_CASE("GPT-3 175B over 8 × 8 with full recomputation takes about 48 GiB") {
  // Megatron-LM's fp16 training of that time: gradients in 16 bit, 16 bytes a parameter in all.
  const Recipe recipe{.gradient_bytes = 2.0};
  const Layout layout{.tensor = 8, .pipeline = 8, .micro_batch = 1, .recompute = Recompute::full};
  const MemoryUse use = memory_use(workload(recipe), layout, 64, typical_efficiency());
  CHECK(use.peak_stage == 0);
  // The anchor counts what is in use, not what an allocator holds beyond it.
  CHECK(use.peak.in_use() / gib == Approx(48.0).epsilon(0.03));
}

TEST_CASE("weights, gradients, states and activations of a stage, by hand") {
  const Recipe recipe;  // bf16 weights, fp32 gradients, AdamW with a master copy: 2 + 4 + 12 bytes
  const Layout layout{.tensor = 8, .pipeline = 8, .micro_batch = 2, .sequence_parallel = true};
  const double h = 12288;
  const double s = 2048;
  const StageMemory middle = memory_by_stage(workload(recipe), layout, 128, bare()).at(3);
  // 12 layers of 12h² weights over 8 ranks, and the biases of those products, 3h + h + 4h + h, with them; the
  // 4h of the norms are on every rank.
  const double parameters = 12 * ((12 * h * h + 9 * h) / 8 + 4 * h);
  CHECK(middle.weights == Approx(2 * parameters));
  CHECK(middle.gradients == Approx(4 * parameters));
  CHECK(middle.optimizer == Approx(12 * parameters));
  // s·b·h·(34 + 5·a·s/h)/t per layer and micro-batch (arXiv 2205.05198, equation 4); 5 of them in flight.
  const double layer = s * 2 * h * (34 + 5 * 96 * s / h) / 8;
  CHECK(middle.activations == Approx(12 * 5 * layer).epsilon(0.01));
  CHECK(middle.logits == 0.0);
  CHECK(middle.total() == Approx(middle.in_use()));
}

TEST_CASE("recomputation keeps the inputs of layers and works on one at a time") {
  const Workload gpt = workload({});
  Layout layout{.tensor = 8, .pipeline = 8, .micro_batch = 1, .recompute = Recompute::full};
  const StageMemory full = memory_by_stage(gpt, layout, 64, bare()).at(3);
  CHECK(full.activations == Approx(12 * 5 * 2.0 * 2048 * 12288));
  layout.recompute = Recompute::none;
  const StageMemory none = memory_by_stage(gpt, layout, 64, bare()).at(3);
  layout.recompute = Recompute::selective;
  const StageMemory selective = memory_by_stage(gpt, layout, 64, bare()).at(3);
  // 5·a·s²·b/t of the attention core.
  CHECK(none.activations - selective.activations ==
        Approx(12 * 5 * 5.0 * 96 * 2048 * 2048 / 8).epsilon(0.01));
  // What a layer in work holds again, and its gradients in 16 bit until they are added to those of 32 bit.
  const double h = 12288;
  const double added = 2.0 * ((12 * h * h + 9 * h) / 8 + 4 * h);
  CHECK(none.working == Approx(added));
  CHECK(full.working == Approx(none.activations / 60 - full.activations / 60 + added));
  // Half of the layers.
  layout.recompute = Recompute::full;
  layout.recomputed_layers = 0.5;
  CHECK(memory_by_stage(gpt, layout, 64, bare()).at(3).activations ==
        Approx(0.5 * (full.activations + none.activations)));
}

TEST_CASE("gradients of each micro-batch kept beside the accumulated ones take their own bytes") {
  // DeepSpeed's BF16_Optimizer: BigScience found 4 bytes a parameter more than with fp16 (2 + 4 against 2).
  const Layout layout{.tensor = 8, .pipeline = 8, .micro_batch = 1};
  const StageMemory fp16 = memory_by_stage(workload({.gradient_bytes = 2.0}), layout, 64, bare()).at(3);
  const StageMemory bf16 =
      memory_by_stage(workload({.gradient_bytes = 4.0, .micro_batch_gradient_bytes = 2.0}), layout, 64,
                      bare())
          .at(3);
  CHECK(bf16.gradients - fp16.gradients == Approx(2.0 * fp16.weights));
  // They are computed in the bytes that they are accumulated in: nothing is added.
  CHECK(fp16.working == 0.0);
}

TEST_CASE("sharding divides optimizer, gradients and weights, one after the other") {
  const Workload gpt = workload({});
  Layout layout{.tensor = 8, .pipeline = 8, .data = 16, .micro_batch = 1};
  const StageMemory none = memory_by_stage(gpt, layout, 128, bare()).at(3);
  layout.sharding = Sharding::optimizer;
  const StageMemory one = memory_by_stage(gpt, layout, 128, bare()).at(3);
  CHECK(one.optimizer == Approx(none.optimizer / 16));
  CHECK(one.gradients == none.gradients);
  layout.sharding = Sharding::gradients;
  CHECK(memory_by_stage(gpt, layout, 128, bare()).at(3).gradients == Approx(none.gradients / 16));
  layout.sharding = Sharding::parameters;
  CHECK(memory_by_stage(gpt, layout, 128, bare()).at(3).weights == Approx(none.weights / 16));
  layout.shard_group = 4;
  CHECK(memory_by_stage(gpt, layout, 128, bare()).at(3).weights == Approx(none.weights / 4));
  layout.offload_optimizer = true;
  CHECK(memory_by_stage(gpt, layout, 128, bare()).at(3).optimizer == 0.0);
}

TEST_CASE("the last stage holds a copy of a tied embedding, and the logits") {
  const Layout layout{.tensor = 8, .pipeline = 8, .micro_batch = 1};
  const Workload gpt = workload({});
  const StageMemory last = memory_by_stage(gpt, layout, 64, bare()).at(7);
  const StageMemory middle = memory_by_stage(gpt, layout, 64, bare()).at(3);
  const double embedding = 51200.0 * 12288;
  CHECK(last.weights - middle.weights > 2 * embedding / 8);
  CHECK(last.logits > 2.0 * 2048 * 51200 / 8);
}

TEST_CASE("a layer of frozen weights that is gathered is held whole, without a gradient") {
  const Recipe recipe{.adapters = LowRankAdapters{.rank = 8}};
  const Workload lora = workload(recipe);
  const Layout layout{.data = 64, .micro_batch = 1, .sharding = Sharding::parameters};
  const StageMemory stage = memory_by_stage(lora, layout, 64, bare()).front();
  // Two layers of 12h² weights in 16 bit, biases and norms; the adapters' own weights and gradients are a
  // thousandth.
  const double h = 12288;
  CHECK(stage.working == Approx(2 * 2 * (12 * h * h + 13 * h)).epsilon(0.002));
}

TEST_CASE("8-bit products keep their inputs in 8 bit") {
  const Layout layout{.tensor = 8, .pipeline = 8, .micro_batch = 1, .sequence_parallel = true};
  const Recipe narrow{.saved_input_bytes = saved_input_bytes(Precision::fp8)};
  const StageMemory wide = memory_by_stage(workload({}), layout, 64, bare()).at(3);
  const StageMemory kept = memory_by_stage(workload(narrow), layout, 64, bare()).at(3);
  const double h = 12288;
  const double in_flight =
      12 * 5 * 2048.0 / 8;  // layers × micro-batches × tokens, divided by tensor parallelism
  // Of the inputs of four products, h + h + h + 4h in 16 bit: half of three of them, and a copy more of the
  // attention's output.
  CHECK(wide.activations - kept.activations == Approx(in_flight * ((1 + 1 + 4) * h - h)));
  CHECK(wide.weights == kept.weights);
}
