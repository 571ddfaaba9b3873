// The composed step and the plan of a run, with made-up times.
#include "plan/composition.h"

#include "catch.h"
#include "core/arch/rwkv_model.h"

#include <set>

using trainbudget::MeasuredPart;
using trainbudget::ModelOps;
using namespace trainbudget::microbench;

namespace {

ModelOps goose(int layers) {
  return expand(
      trainbudget::rwkv_model({.version = 7,
                               .layers = layers,
                               .hidden_size = 1024,
                               .ranks = {.decay = 64, .learning_rate = 64, .value = 32, .gate = 128}}));
}

StepRequest request(int layers, bool recompute) {
  return {.batch = {.sequences = 2, .sequence_length = 64},
          .layers = layers,
          .recompute = recompute,
          .optimizer_parameters = 1e6};
}

const MeasuredPart& part_of(const std::vector<MeasuredPart>& parts, const std::string& name) {
  for (const MeasuredPart& part : parts) {
    if (part.name == name) return part;
  }
  throw std::runtime_error("no part " + name);
}

}  // namespace

TEST_CASE("a step runs forward, head, each layer again and back, and the optimizer last") {
  const StepComposition step = compose_step(goose(2), request(2, true));
  CHECK(step.items.front().part == "embedding element-wise");
  CHECK(step.items.back().part == "optimizer");
  const auto parts = predicted_parts(step, [](const Task&) { return 1.0; });
  // One recurrence a layer forward, again, and backward; 14 products a layer but 12 in the first, which has
  // no value residual.
  CHECK(part_of(parts, "forward wkv").launches == 2);
  CHECK(part_of(parts, "recompute wkv").launches == 2);
  CHECK(part_of(parts, "backward wkv").launches == 2);
  CHECK(part_of(parts, "forward matmul").launches == 26);
  CHECK(part_of(parts, "backward matmul").launches == 52);
  CHECK(part_of(parts, "head matmul").launches == 3);
  CHECK(part_of(parts, "optimizer").launches == 1);
  int launches = 0;
  for (const MeasuredPart& part : parts)
    launches += part.launches;
  CHECK(launches == static_cast<int>(step.items.size()));
}

TEST_CASE("without recomputation the second forward pass is all that is missing") {
  const StepComposition with = compose_step(goose(3), request(3, true));
  const StepComposition without = compose_step(goose(3), request(3, false));
  const auto parts = predicted_parts(with, [](const Task&) { return 1.0; });
  const int recomputed = part_of(parts, "recompute matmul").launches +
                         part_of(parts, "recompute wkv").launches +
                         part_of(parts, "recompute element-wise").launches;
  CHECK(static_cast<int>(with.items.size() - without.items.size()) == recomputed);
}

TEST_CASE("parts add up the made-up times of their launches") {
  const StepComposition step = compose_step(goose(2), request(2, true));
  const auto parts =
      predicted_parts(step, [](const Task& task) { return task.kernel == "wkv7_backward" ? 0.25 : 0.001; });
  CHECK(part_of(parts, "backward wkv").predicted_seconds == Approx(0.5));
  CHECK(part_of(parts, "forward wkv").predicted_seconds == Approx(0.002));
}

TEST_CASE("fewer layers and parameters are scaled to the whole model") {
  StepComposition step = compose_step(goose(8), request(2, true));
  CHECK(step.layer_factor == 4.0);
  step.optimizer_factor = 3.0;
  std::vector<MeasuredPart> parts = predicted_parts(step, [](const Task&) { return 0.0; });
  for (MeasuredPart& part : parts)
    part.seconds = 1.0;
  const auto scaled = scaled_to_model(step, parts);
  CHECK(part_of(scaled, "forward wkv").seconds == 4.0);
  CHECK(part_of(scaled, "head matmul").seconds == 1.0);
  CHECK(part_of(scaled, "optimizer").seconds == 3.0);
  // Nine parts of layers at four times their time, the optimizer at three, on top of gaps of two seconds.
  const double measured = static_cast<double>(parts.size()) + 2.0;
  CHECK(scaled_seconds(step, measured, parts) == Approx(measured + 9.0 * 3.0 + 2.0));
}

TEST_CASE("a prediction disagrees beyond five percent") {
  CHECK_FALSE(disagrees(1.0, 1.0));
  CHECK_FALSE(disagrees(1.0, 1.049));
  CHECK_FALSE(disagrees(1.0, 0.951));
  CHECK(disagrees(1.0, 1.06));
  CHECK(disagrees(1.0, 0.94));
}

TEST_CASE("a plan names each timing once and takes FLOPs from core") {
  const RunPlan plan = run_plan({{"goose", goose(2)}}, {.sequences = 2, .sequence_length = 64}, full_sizes());
  std::set<std::string> names, groups;
  double recurrence_rate = 0.0;
  for (const Planned& item : plan.items) {
    CHECK(names.insert(item.name()).second);
    groups.insert(item.group);
    if (item.task.kernel != "wkv7_forward" || item.task.flops <= 0.0) continue;
    // Nine FLOPs for each element of the state and token, at any shape.
    const Shape& s = item.task.shape;
    recurrence_rate = item.task.flops / static_cast<double>(s.tokens() * s.heads * s.head_size * s.head_size);
    CHECK(recurrence_rate == Approx(9.0));
  }
  CHECK(recurrence_rate > 0.0);
  CHECK(groups == std::set<std::string>{"stream", "ceiling", "goose", "wkv_sweep", "launch"});
}

TEST_CASE("what a profile needs comes first in a plan, cold caches last") {
  const RunPlan plan = run_plan({{"goose", goose(2)}}, {.sequences = 2, .sequence_length = 64}, full_sizes());
  bool cold = false;
  std::vector<std::string> order;
  for (const Planned& item : plan.items) {
    CHECK((item.mode == TimingMode::cold || !cold));
    cold = cold || item.mode == TimingMode::cold;
    if (!cold && (order.empty() || order.back() != item.group)) order.push_back(item.group);
  }
  CHECK(cold);
  CHECK(order == std::vector<std::string>{"stream", "ceiling", "launch", "goose", "wkv_sweep"});
  // The sweep of a quick run is the start of that of a full one.
  const RunPlan quick =
      run_plan({{"goose", goose(2)}}, {.sequences = 2, .sequence_length = 64}, quick_sizes());
  const auto sweep_of = [](const RunPlan& of) {
    std::vector<std::string> names;
    for (const Planned& item : of.items) {
      if (item.group == "wkv_sweep") names.push_back(item.name());
    }
    return names;
  };
  const std::vector<std::string> first = sweep_of(quick), all = sweep_of(plan);
  REQUIRE(all.size() > first.size());
  CHECK(std::equal(first.begin(), first.end(), all.begin()));
}
