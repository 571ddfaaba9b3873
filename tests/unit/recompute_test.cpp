// What recomputing single modules frees and costs, by hand.
#include "catch.h"
#include "core/memory.h"
#include "core/step_time.h"

#include <limits>

using namespace trainbudget;

namespace {

constexpr double hidden = 1024;
constexpr double tokens = 2048;
constexpr double inner = 512;

/// Latent attention of 16 heads (64 + 32, values of 64) and two of eight experts beside a shared one.
Workload workload(bool pre_norm = true) {
  Model model{.hidden_size = 1024, .vocabulary = 1000};
  model.blocks = {{.mixer = LatentAttention{.heads = 16,
                                            .query_rank = 256,
                                            .kv_rank = 128,
                                            .head_size = 64,
                                            .rotary_size = 32,
                                            .value_size = 64},
                   .feed_forward = MixtureOfExperts{.experts = 8,
                                                    .active_experts = 2,
                                                    .intermediate_size = 512,
                                                    .gated = true,
                                                    .shared_intermediate_size = 512}}};
  model.blocks[0].pre_norm = pre_norm;
  model.layers.assign(4, 0);
  return gather(expand(model), {.length = tokens}, {}, true);
}

Layout recomputed(Pieces pieces) {
  return {.micro_batch = 1, .recompute = Recompute::selective, .recomputed_pieces = pieces};
}

/// Bytes per token and layer that recomputing `pieces` lets go of.
double freed(const Workload& workload, Pieces pieces) {
  Efficiency efficiency = typical_efficiency();
  efficiency[Parameter::activation_factor] = 1.0;
  const auto activations = [&](const Layout& layout) {
    return memory_use(workload, layout, 1, efficiency).peak.activations;
  };
  return (activations({.micro_batch = 1}) - activations(recomputed(pieces))) / (4 * tokens);
}

/// Seconds of recomputation per token and layer on a machine of 1 FLOP/s and 10³⁰ bytes/s.
double repeated(Pieces pieces) {
  Machine machine{.matmul_peak = 1.0,
                  .wide_peak = 1.0,
                  .scalar_peak = 1.0,
                  .memory_bandwidth = 1e30,
                  .memory_capacity = 80e9,
                  .accelerators_per_node = 8};
  Efficiency efficiency;
  efficiency.values.fill(1.0);
  for (const Parameter none : {Parameter::half_dimension, Parameter::attention_half_length, Parameter::launch,
                               Parameter::straggler, Parameter::latency})
    efficiency[none] = 0.0;
  return step_time(workload(), machine, recomputed(pieces), 1, efficiency).recompute / (4 * tokens);
}

// 16-bit inputs of the products, and what the activations read.
constexpr double expert_output = 2 * 2 * inner;
constexpr double shared = 2 * 2 * inner + 2 * inner;
constexpr double experts = 2 * 2 * hidden + 2 * 2 * 2 * inner + 2 * 2 * hidden + expert_output + shared;
// Queries, keys and values, a number of 32 bit a head for the softmax, and the latents after their norms.
constexpr double queries_keys_values = 2 * 16 * (96 + 96 + 64) + 4 * 16 + 2 * (256 + 128);

}  // namespace

TEST_CASE("each module lets go of what its products and activations keep") {
  CHECK(freed(workload(), Piece::norm) == Approx(2 * 2 * hidden));
  CHECK(freed(workload(), Piece::latent_up) == Approx(queries_keys_values));
  CHECK(freed(workload(), Piece::expert_activation) == Approx(expert_output));
  CHECK(freed(workload(), Piece::shared_expert) == Approx(shared));
  CHECK(freed(workload(), {Piece::expert, Piece::expert_activation, Piece::shared_expert}) ==
        Approx(experts));
  CHECK(freed(workload(), {Piece::norm, Piece::latent_up, Piece::expert_activation}) ==
        Approx(2 * 2 * hidden + queries_keys_values + expert_output));
  CHECK(freed(workload(), Piece::mlp) == 0.0);
  CHECK(freed(workload(), Piece::attention_core) == 0.0);
}

TEST_CASE("without a norm before it, a sublayer reads the residual, which is kept") {
  CHECK(freed(workload(false), Piece::norm) == 0.0);
}

TEST_CASE("a module that is recomputed runs its products once more") {
  CHECK(repeated(Piece::norm) == Approx(0.0).margin(1e-9));
  CHECK(repeated(Piece::expert_activation) == Approx(0.0).margin(1e-9));
  CHECK(repeated(Piece::latent_up) == Approx(2.0 * 16 * (256 * 96 + 128 * (64 + 64))));
  CHECK(repeated(Piece::shared_expert) == Approx(2.0 * 3 * hidden * inner));
  // Three products of two experts and of the shared one; the router's runs at half of the rate.
  CHECK(repeated({Piece::expert, Piece::expert_activation, Piece::shared_expert}) ==
        Approx(2.0 * 3 * 3 * hidden * inner + 2 * 2.0 * hidden * 8));
}

TEST_CASE("pieces are named by the largest modules that they make up") {
  CHECK(modules_text({Piece::expert, Piece::expert_activation, Piece::shared_expert}) == "moe");
  CHECK(modules_text({Piece::expert_activation, Piece::shared_expert, Piece::norm}) ==
        "layernorm+moe_act+shared_experts");
  CHECK(modules_text(light_pieces) == "layernorm+mla_up_proj+moe_act");
  CHECK(modules_text({}).empty());
}
