#include "catch.h"
#include "core/arch/rwkv_model.h"
#include "core/model_summary.h"

#include <cmath>

using namespace trainbudget;

namespace {

RwkvShape goose(int layers, int hidden, ValueResidual first = ValueResidual::absent, int vocabulary = 65536) {
  return {.version = 7,
          .layers = layers,
          .hidden_size = hidden,
          .vocabulary = vocabulary,
          .ranks = rwkv7_ranks(RankRule::published, hidden, layers).value(),
          .first_layer = first};
}

RwkvShape shape(int version, int layers, int hidden, int vocabulary = 65536) {
  return {.version = version, .layers = layers, .hidden_size = hidden, .vocabulary = vocabulary};
}

double parameters(const RwkvShape& rwkv) {
  return summarize(expand(rwkv_model(rwkv)), {}).total.parameters;
}

ModelSummary summary(const RwkvShape& rwkv) {
  return summarize(expand(rwkv_model(rwkv)), {});
}

/// Sum of a member over the operations of one kind of layer, for all but and for only the recurrence.
struct TrafficOf {
  double rest = 0.0;
  double recurrence = 0.0;
};
TrafficOf traffic(const Block& block, double Op::*member) {
  TrafficOf sum;
  for (const Op& op : block.ops) {
    if (op.kind == OpKind::recurrence) sum.recurrence += op.*member;
    if (op.kind == OpKind::elementwise) sum.rest += op.*member;
  }
  return sum;
}

}  // namespace

TEST_CASE("RWKV-4 has its published parameters") {
  // arXiv 2305.13048, table 2, and the model cards of the Pile series (vocabulary 50277).
  CHECK(parameters(shape(4, 12, 768, 50277)) == 169342464);
  CHECK(parameters(shape(4, 24, 1024, 50277)) == 430397440);
  CHECK(parameters(shape(4, 24, 2048, 50277)) == 1515106304);
  CHECK(parameters(shape(4, 32, 2560, 50277)) == 2984627200);
  CHECK(parameters(shape(4, 32, 4096, 50277)) == 7392649216);
  CHECK(parameters(shape(4, 40, 5120, 50277)) == 14148597760);
  // The World series, vocabulary 65536.
  CHECK(parameters(shape(4, 12, 768)) == 192780288);
  CHECK(parameters(shape(4, 24, 1024)) == 461647872);
  CHECK(parameters(shape(4, 24, 2048)) == 1577607168);
  CHECK(parameters(shape(4, 32, 2560)) == 3062753280);
  CHECK(parameters(shape(4, 32, 4096)) == 7517650944);
  CHECK(parameters(shape(4, 40, 5120)) == 14304849920);
}

TEST_CASE("Eagle and Finch have their published parameters") {
  // arXiv 2404.05892, table 2: 4.62e8, 1.58e9, 3.06e9, 7.52e9; 1.60e9, 3.10e9.
  CHECK(parameters(shape(5, 12, 768)) == 192807936);
  CHECK(parameters(shape(5, 24, 1024)) == 461721600);
  CHECK(parameters(shape(5, 24, 2048)) == 1577754624);
  CHECK(parameters(shape(5, 32, 2560)) == 3062999040);
  CHECK(parameters(shape(5, 32, 4096)) == 7518044160);
  CHECK(parameters(shape(6, 24, 2048)) == 1599873024);
  CHECK(parameters(shape(6, 32, 2560)) == 3099863040);
  RwkvShape finch = shape(6, 32, 4096);
  CHECK(parameters(finch) == 7577026560);
  finch.mix_rank = 64;
  finch.decay_rank = 128;
  CHECK(parameters(finch) == 7635746816);
  finch.layers = 61;
  CHECK(parameters(finch) == 14069088256);
}

TEST_CASE("Goose has its published parameters, and as many more in training") {
  // The integers that the converted G1 checkpoints state; the trainer also holds layer 0's unused value
  // residual.
  struct Row {
    int layers, hidden;
    double published, trained;
  };
  for (const Row& row : {Row{12, 768, 191034624, 191084544}, Row{24, 1024, 450767872, 450834432},
                         Row{24, 2048, 1527404544, 1527668736}, Row{32, 2560, 2947735040, 2948065280},
                         Row{32, 4096, 7199141888, 7199932416}, Row{61, 4096, 13269245952, 13270298624}}) {
    CAPTURE(row.hidden, row.layers);
    CHECK(parameters(goose(row.layers, row.hidden)) == row.published);
    CHECK(parameters(goose(row.layers, row.hidden, ValueResidual::unused)) == row.trained);
  }
  // The Pile series, vocabulary 50304.
  CHECK(parameters(goose(12, 768, ValueResidual::unused, 50304)) == 167688192);
  CHECK(parameters(goose(24, 1024, ValueResidual::unused, 50304)) == 419639296);
  CHECK(parameters(goose(24, 2048, ValueResidual::unused, 50304)) == 1465278464);
}

TEST_CASE("the three rules for RWKV-7's ranks differ") {
  const auto ranks = [](RankRule rule, int hidden, int layers) {
    const Rwkv7Ranks r = rwkv7_ranks(rule, hidden, layers).value();
    return std::array{r.decay, r.learning_rate, r.value, r.gate};
  };
  CHECK(ranks(RankRule::published, 4096, 32) == std::array{128, 128, 96, 480});
  CHECK(ranks(RankRule::published, 4096, 61) == std::array{192, 192, 128, 384});
  CHECK(ranks(RankRule::published, 1024, 24) == std::array{64, 64, 32, 128});
  CHECK(ranks(RankRule::original, 1024, 24) == std::array{64, 64, 32, 160});
  CHECK(ranks(RankRule::current, 768, 12) == std::array{64, 64, 32, 128});
  CHECK(ranks(RankRule::current, 1024, 24) == std::array{64, 64, 64, 160});
  CHECK(ranks(RankRule::current, 2048, 24) == std::array{128, 128, 64, 224});
  CHECK(ranks(RankRule::current, 2560, 32) == std::array{128, 128, 96, 256});
  CHECK(ranks(RankRule::current, 4096, 32) == std::array{160, 160, 96, 320});
  CHECK_FALSE(rwkv7_ranks(RankRule::published, 4096, 40).has_value());
}

TEST_CASE("FLOPs per token of RWKV are six per weight, and the recurrence as its kernels count") {
  struct Row {
    RwkvShape rwkv;
    double body, head, recurrence, total, six_n_ratio, recomputed;
  };
  // Body 6·G and recurrence from the shapes by hand; three digits.
  for (const Row& row : {Row{shape(4, 12, 768, 50277), 5.52e8, 2.32e8, 6.9e5, 7.84e8, 1.295, 9.69e8},
                         Row{shape(4, 40, 5120, 50277), 8.18e10, 1.55e9, 1.5e7, 8.33e10, 1.019, 1.106e11},
                         Row{shape(5, 32, 4096), 4.19e10, 1.61e9, 3.1e8, 4.38e10, 1.030, 5.78e10},
                         Row{shape(6, 32, 2560), 1.66e10, 1.01e9, 2.1e8, 1.78e10, 1.045, 2.34e10},
                         Row{goose(12, 768), 5.41e8, 3.02e8, 2.24e7, 8.66e8, 1.324, 1.05e9},
                         Row{goose(24, 1024), 1.90e9, 4.03e8, 6.0e7, 2.36e9, 1.147, 3.01e9},
                         Row{goose(24, 2048), 7.55e9, 8.05e8, 1.20e8, 8.47e9, 1.082, 1.10e10},
                         Row{goose(32, 2560), 1.57e10, 1.01e9, 1.99e8, 1.69e10, 1.048, 2.21e10},
                         Row{goose(32, 4096), 4.00e10, 1.61e9, 3.19e8, 4.19e10, 1.031, 5.53e10},
                         Row{goose(61, 4096), 7.64e10, 1.61e9, 6.1e8, 7.86e10, 1.013, 1.04e11}}) {
    CAPTURE(row.rwkv.version, row.rwkv.layers, row.rwkv.hidden_size);
    const ModelSummary sum = summary(row.rwkv);
    CHECK(sum.layers.flops() - sum.recurrence_flops == Approx(row.body).epsilon(0.006));
    CHECK(sum.of(Part::head).flops() == Approx(row.head).epsilon(0.006));
    CHECK(sum.recurrence_flops == Approx(row.recurrence).epsilon(0.04));
    CHECK(sum.total.flops() == Approx(row.total).epsilon(0.006));
    CHECK(sum.six_n_flops / sum.total.flops() == Approx(row.six_n_ratio).epsilon(0.0006));
    CHECK(sum.total.flops() + sum.full_recompute_flops == Approx(row.recomputed).epsilon(0.006));
  }
}

TEST_CASE("the recurrences of a layer cost 37, 40 and 38 FLOPs per head_size and channel") {
  const auto recurrence = [](int version) {
    RwkvShape rwkv = version == 7 ? goose(1, 2560) : shape(version, 1, 2560);
    return summary(rwkv).recurrence_flops;
  };
  CHECK(recurrence(4) == 75.0 * 2560);
  CHECK(recurrence(5) == 37.0 * 64 * 2560);
  CHECK(recurrence(6) == 40.0 * 64 * 2560);
  CHECK(recurrence(7) == 38.0 * 64 * 2560);
}

TEST_CASE("element-wise traffic of an RWKV-7 layer is that of the fused kernels") {
  const ModelOps ops = expand(rwkv_model(goose(32, 4096)));
  const Block& block = ops.blocks[0];  // any layer but the first
  const double hidden = 4096.0;
  const TrafficOf forward = traffic(block, &Op::forward_bytes);
  const TrafficOf backward = traffic(block, &Op::backward_bytes);
  const double low_rank = (128.0 + 480.0) / hidden;  // tanh and sigmoid inside the decay and the gate
  CHECK(forward.rest / hidden == Approx(92.16 + 4.0 * low_rank).epsilon(1e-4));
  CHECK(backward.rest / hidden == Approx(169.3 + 6.0 * low_rank).epsilon(1e-4));
  CHECK(forward.recurrence == 34.0 * hidden);
  CHECK(backward.recurrence == 46.0 * hidden);
}

TEST_CASE("the state of RWKV does not grow with the context") {
  // Per layer: 64 fp32 per channel, and the two shifted tokens in 16 bit.
  CHECK(summary(goose(32, 4096)).state_bytes == 32.0 * 4096 * (64 * 4 + 2 * 2));
  CHECK(summary(shape(4, 12, 768)).state_bytes == 12.0 * 768 * (3 * 4 + 2 * 2));
  CHECK(summary(goose(32, 4096)).cache_bytes == 0.0);
}
