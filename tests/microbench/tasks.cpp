// The tasks of a model: every operation finds its launch, and core's bytes are those of the kernel's tensors.
#include "catch.h"
#include "core/arch/rwkv_model.h"
#include "kernels/registry.h"
#include "plan/task.h"

#include <algorithm>
#include <set>

using trainbudget::Block;
using trainbudget::Model;
using trainbudget::ModelOps;
using trainbudget::RwkvShape;
using namespace trainbudget::microbench;

namespace {

ModelOps goose() {
  return expand(trainbudget::rwkv_model(
      RwkvShape{.version = 7,
                .layers = 4,
                .hidden_size = 1024,
                .ranks = {.decay = 64, .learning_rate = 64, .value = 32, .gate = 128}}));
}

ModelOps version(int number) {
  return expand(trainbudget::rwkv_model(RwkvShape{.version = number, .layers = 2, .hidden_size = 1024}));
}

const Batch batch{.sequences = 3, .sequence_length = 512};
const double tokens = 3.0 * 512.0;

const Block& inner_block(const ModelOps& ops) {
  return ops.blocks[static_cast<std::size_t>(ops.layers[1])];
}

double sum_of(const std::vector<Task>& tasks, double Task::*field) {
  double sum = 0.0;
  for (const Task& task : tasks)
    sum += task.*field;
  return sum;
}

}  // namespace

TEST_CASE("every operation of a RWKV-7 layer has its launch") {
  const ModelOps ops = goose();
  for (const Block& block : ops.blocks) {
    for (const Phase phase : {Phase::forward, Phase::backward}) {
      const BlockTasks result = block_tasks(block, batch, ops.hidden_size, phase);
      CHECK(result.uncovered.empty());
      for (const Task& task : result.tasks) {
        INFO(task.name);
        CHECK((task.is_gemm() || find_kernel(task.kernel) != nullptr));
      }
    }
  }
  CHECK(block_tasks(ops.head, batch, ops.hidden_size, Phase::forward).uncovered.empty());
}

TEST_CASE("a forward layer of RWKV-7 is 29 launches, 14 of them matrix products") {
  // rwkv.md §5 counts 29 for the public training code; it adds the in-place bias of the value residual to its
  // product.
  const ModelOps ops = goose();
  const auto tasks = block_tasks(inner_block(ops), batch, ops.hidden_size, Phase::forward).tasks;
  CHECK(std::count_if(tasks.begin(), tasks.end(), [](const Task& t) { return t.is_gemm(); }) == 14);
  CHECK(tasks.size() == 29);
}

TEST_CASE("FLOPs are core's to the last one") {
  const ModelOps ops = goose();
  const Block& block = inner_block(ops);
  double forward = 0.0, backward = 0.0;
  for (const trainbudget::Op& op : block.ops) {
    forward += op.forward_flops * tokens;
    backward += op.backward_flops * tokens;
  }
  CHECK(sum_of(block_tasks(block, batch, ops.hidden_size, Phase::forward).tasks, &Task::flops) ==
        Approx(forward).epsilon(1e-14));
  CHECK(sum_of(block_tasks(block, batch, ops.hidden_size, Phase::backward).tasks, &Task::flops) ==
        Approx(backward).epsilon(1e-14));
}

TEST_CASE("core's bytes are those of the kernels' tensors") {
  // Backward, core counts what the public kernels move, in single cases up to a third more than one fused
  // pass must: LayerNorm in two kernels, the accumulation of shared gradients.
  const ModelOps ops = goose();
  for (const Phase phase : {Phase::forward, Phase::backward}) {
    for (const Task& task : block_tasks(inner_block(ops), batch, ops.hidden_size, phase).tasks) {
      if (task.is_gemm()) continue;
      INFO(task.name << " in " << task.operation);
      const double moved = task.launches * tensor_bytes(task.kernel, task.shape);
      if (phase == Phase::forward) {
        CHECK(task.bytes == Approx(moved).epsilon(0.02));
      } else {
        CHECK(task.bytes >= 0.85 * moved);
        CHECK(task.bytes <= 2.0 * moved);
      }
    }
  }
}

TEST_CASE("a backward layer runs from its last operation to its first, each product twice") {
  const ModelOps ops = goose();
  const auto tasks = block_tasks(inner_block(ops), batch, ops.hidden_size, Phase::backward).tasks;
  CHECK(tasks.front().operation == "feed_forward_residual");
  CHECK(tasks.back().operation == "mixer_norm");
  CHECK(std::count_if(tasks.begin(), tasks.end(), [](const Task& t) { return t.is_gemm(); }) == 28);
}

TEST_CASE("the recurrence of each version finds its kernel at the model's shape") {
  const auto wkv = [](const ModelOps& ops) {
    for (const Task& task : block_tasks(inner_block(ops), batch, ops.hidden_size, Phase::backward).tasks) {
      if (task.operation == "time_mix.wkv") return task;
    }
    return Task{};
  };
  CHECK(wkv(version(4)).name == "wkv4_backward B3 T512 C1024");
  CHECK(wkv(version(5)).name == "wkv5_backward B3 T512 H16x64");
  CHECK(wkv(version(6)).name == "wkv6_backward B3 T512 H16x64");
  CHECK(wkv(goose()).name == "wkv7_backward B3 T512 H16x64");
}

TEST_CASE("what no kernel carries out is named, not dropped") {
  const ModelOps ops = version(6);
  const BlockTasks result = block_tasks(inner_block(ops), batch, ops.hidden_size, Phase::forward);
  const std::set<std::string> uncovered(result.uncovered.begin(), result.uncovered.end());
  CHECK(uncovered.count("time_mix.shift") == 1);
  CHECK(uncovered.count("time_mix.wkv") == 0);
}

TEST_CASE("the optimizer moves 28 bytes per parameter, the loss eight per logit") {
  CHECK(optimizer_task(1e6).bytes == 28e6);
  const ModelOps ops = goose();
  const auto tasks = block_tasks(ops.head, batch, ops.hidden_size, Phase::forward).tasks;
  CHECK(tasks.back().name == "cross_entropy B3 T512 V65536");
  CHECK(tasks.back().bytes == 8.0 * tokens * 65536.0);
}
