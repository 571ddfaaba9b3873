// What holds for every component and every model made of them.
#include "any_model.h"
#include "catch.h"
#include "core/model_summary.h"

#include <cmath>

using namespace trainbudget;

namespace {

bool near(double a, double b, double scale) {
  return std::abs(a - b) <= 1e-9 * (std::abs(scale) + 1.0);
}

void check(const std::function<void()>& property) {
  CHECK(rc::check(property));
}

}  // namespace

TEST_CASE("parameters and FLOPs are linear in the number of layers") {
  check([] {
    Model model = any_model();
    const Sequence sequence{.length = 100.0};
    const ModelSummary once = summarize(expand(model), sequence);
    const std::vector<int> layers = model.layers;
    model.layers.insert(model.layers.end(), layers.begin(), layers.end());
    const ModelSummary twice = summarize(expand(model), sequence);
    RC_ASSERT(twice.layers.parameters == 2 * once.layers.parameters);
    RC_ASSERT(near(twice.layers.flops(), 2 * once.layers.flops(), twice.layers.flops()));
    RC_ASSERT(twice.total.parameters - twice.layers.parameters ==
              once.total.parameters - once.layers.parameters);
  });
}

TEST_CASE("parts add up to the whole, and the gap to 6N is explained") {
  check([] {
    const ModelSummary sum = summarize(expand(any_model()), {.length = 1.0 * *rc::gen::inRange(1, 100000)});
    Totals parts;
    for (const Totals& part : sum.parts)
      parts += part;
    RC_ASSERT(near(parts.parameters, sum.total.parameters, sum.total.parameters));
    RC_ASSERT(near(parts.flops(), sum.total.flops(), sum.total.flops()));
    double explained = sum.six_n_flops;
    for (const double term : sum.gap)
      explained += term;
    RC_ASSERT(near(explained, sum.total.flops(), sum.total.flops() + sum.six_n_flops));
  });
}

TEST_CASE("only attention makes a token cost more in a longer sequence") {
  check([] {
    const ModelOps ops = expand(any_model());
    const double length = *rc::gen::inRange(1, 5000);
    const ModelSummary shorter = summarize(ops, {.length = length});
    const ModelSummary longer = summarize(ops, {.length = 2 * length});
    const double added = longer.total.flops() - shorter.total.flops();
    RC_ASSERT(near(added, longer.attention_flops - shorter.attention_flops, longer.total.flops()));
    RC_ASSERT(added >= 0.0);
    RC_ASSERT(longer.attention_flops <= 2 * shorter.attention_flops * (1 + 1e-12));
    RC_ASSERT(longer.state_bytes == shorter.state_bytes);
  });
}

TEST_CASE("backward is twice forward but for the recurrences, and no number is negative") {
  check([] {
    const ModelOps model = expand(any_model());
    for (const Block& block : model.blocks) {
      for (const Op& op : block.ops) {
        if (op.kind != OpKind::recurrence) {
          RC_ASSERT(op.backward_flops == 2 * op.forward_flops);
          RC_ASSERT(op.backward_flops_per_key == 2 * op.forward_flops_per_key);
        }
        for (const double number : {op.parameters, op.forward_flops, op.forward_bytes, op.backward_bytes,
                                    op.saved_bytes, op.active, op.count, block.tensor_collectives}) {
          RC_ASSERT(std::isfinite(number));
          RC_ASSERT(number >= 0.0);
        }
        RC_ASSERT(op.active <= 1.0);
        RC_ASSERT(op.trained_parameters == op.parameters);
        RC_ASSERT(!op.name.empty());
      }
    }
  });
}

TEST_CASE("a window inside chunks is not forgotten when the sequence outgrows a chunk") {
  Op op;
  op.attends = Attends::causal;
  op.window = 1.0;
  op.chunk = 11.0;
  // One chunk of 11 tokens: 1 − 1/22 keys; two of them: the same.
  REQUIRE(std::abs(attended_keys(op, {.length = 11.0}) - 21.0 / 22.0) < 1e-12);
  REQUIRE(std::abs(attended_keys(op, {.length = 22.0}) - 21.0 / 22.0) < 1e-12);
}

TEST_CASE("causal attention is half of the full count, within any window") {
  check([] {
    Op op{.name = "core", .kind = OpKind::attention_core};
    op.window = *rc::gen::inRange(0, 4000);
    Sequence sequence{.length = 1.0 * *rc::gen::inRange(1, 20000)};
    const double causal = attended_keys(op, sequence);
    sequence.count = AttentionCount::full;
    const double full = attended_keys(op, sequence);
    RC_ASSERT(causal >= full / 2 - 1e-9);
    RC_ASSERT(causal <= full);
    if (op.window == 0.0 || op.window >= sequence.length) RC_ASSERT(causal == full / 2);
  });
}

TEST_CASE("active parameters are all of them without experts, fewer with") {
  check([] {
    const Model model = any_model();
    const ModelSummary sum = summarize(expand(model), {});
    RC_ASSERT(sum.total.active_parameters <= sum.total.parameters);
    const bool sparse = std::any_of(model.layers.begin(), model.layers.end(), [&](int block) {
      const auto* moe =
          std::get_if<MixtureOfExperts>(&model.blocks[static_cast<std::size_t>(block)].feed_forward);
      return moe != nullptr && moe->active_experts < moe->experts;
    });
    RC_ASSERT((sum.total.active_parameters < sum.total.parameters) == sparse);
  });
}

TEST_CASE("every component of the families is reachable by its word and refuses a value out of bounds") {
  const auto each = [](auto component) {
    if constexpr (!std::is_same_v<decltype(component), std::monostate>) {
      using T = decltype(component);
      CHECK_FALSE(T::word.empty());
      for (const auto& field : T::fields()) {
        CAPTURE(std::string(T::word), std::string(field.name));
        T changed = component;
        field.set(changed, field.most);
        CHECK(field.get(changed) == field.most);
        CHECK_FALSE(field.meaning.empty());
        if (field.kind == FieldKind::integer) {
          T wrong = component;
          field.set(wrong, field.least - 1);
          Model model{.hidden_size = 64, .vocabulary = 10, .layers = {0}};
          Layer layer;
          if constexpr (std::is_constructible_v<Mixer, T>) layer.mixer = wrong;
          if constexpr (std::is_constructible_v<FeedForward, T>) layer.feed_forward = wrong;
          model.blocks.push_back(layer);
          CHECK_FALSE(problem(model).empty());
        }
      }
    }
  };
  const auto all = [&]<class... Ts>(const std::variant<Ts...>&) { (each(Ts{}), ...); };
  all(Mixer{});
  all(FeedForward{});
}
