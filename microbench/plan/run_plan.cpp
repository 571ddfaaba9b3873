#include "plan/run_plan.h"

#include <algorithm>
#include <set>

namespace trainbudget::microbench {

namespace {

bool is_recurrence(const Task& task) {
  return task.kernel.rfind("wkv", 0) == 0;
}

class Planning {
 public:
  Planning(const Batch& batch, const PlanSizes& sizes) : batch_(batch), sizes_(sizes) {}

  RunPlan operator()(const std::vector<PlannedModel>& models) {
    for (const char* kernel : {"stream_copy", "stream_triad"})
      add_timings("stream", stream_task(kernel, sizes_.stream_elements));
    for (const GemmPrecision precision : sizes_.precisions)
      add_square(precision, sizes_.ceiling);
    for (const std::int64_t edge : sizes_.smaller)
      add_square(GemmPrecision::bf16, edge);
    // Before what takes long, so that a run that is cut short has all that a profile needs.
    add({.group = "launch", .launches = LaunchMode::eager});
    add({.group = "launch", .launches = LaunchMode::graph});
    for (const PlannedModel& model : models)
      add_model(model);
    for (const PlannedModel& model : models)
      add_sweep(model.ops);
    return std::move(plan_);
  }

 private:
  void add(Planned item) {
    if (names_.insert(item.name()).second) plan_.items.push_back(std::move(item));
  }

  void add_timings(const std::string& group, const Task& task) {
    add({.group = group, .task = task, .mode = TimingMode::repeated});
    if (sizes_.cold) add({.group = group, .task = task, .mode = TimingMode::cold});
  }

  void add_square(GemmPrecision precision, std::int64_t edge) {
    Task task{.operation = "ceiling", .gemm = {GemmPass::forward, edge, edge, edge, 1}};
    const auto size = static_cast<double>(edge);
    task.flops = 2.0 * size * size * size;
    task.bytes = product_bytes(task.gemm, precision);
    task.name = describe(task.gemm);
    add({.group = "ceiling", .task = task, .precision = precision});
  }

  void add_block(const PlannedModel& model, const Block& block) {
    for (const Phase phase : {Phase::forward, Phase::backward}) {
      const BlockTasks tasks = block_tasks(block, batch_, model.ops.hidden_size, phase);
      for (Task task : tasks.tasks) {
        // What is timed is one launch.
        task.flops /= task.launches;
        task.bytes /= task.launches;
        task.launches = 1.0;
        add_timings(model.name, task);
      }
      for (const std::string& operation : tasks.uncovered) {
        const std::string text = model.name + ": " + operation;
        auto& known = plan_.uncovered;
        if (std::find(known.begin(), known.end(), text) == known.end()) known.push_back(text);
      }
    }
  }

  void add_model(const PlannedModel& model) {
    add_block(model, model.ops.embedding);
    for (const Block& block : model.ops.blocks)
      add_block(model, block);
    add_block(model, model.ops.head);
    add_timings(model.name, optimizer_task(std::min(trained_parameters(model.ops), most_optimizer)));
  }

  void add_sweep(const ModelOps& ops) {
    if (ops.blocks.empty()) return;
    const Block& block = ops.blocks.back();
    for (const Phase phase : {Phase::forward, Phase::backward}) {
      for (const Task& task : block_tasks(block, batch_, ops.hidden_size, phase).tasks) {
        if (is_recurrence(task)) sweep(task);
      }
    }
  }

  void sweep(const Task& task) {
    const bool channels = task.kernel.rfind("wkv4", 0) == 0;
    const auto work = [&](const Shape& shape) {
      return static_cast<double>(shape.tokens() * (channels ? shape.channels : shape.heads));
    };
    for (const std::int64_t sequence : sizes_.sweep_sequences) {
      for (const std::int64_t heads : sizes_.sweep_heads) {
        for (const std::int64_t batch : sizes_.sweep_batches) {
          Task swept = task;
          swept.shape.batch = batch;
          swept.shape.sequence = sequence;
          swept.shape.heads = heads;
          swept.shape.channels = heads * swept.shape.head_size;
          if (static_cast<double>(batch * sequence * heads) > sizes_.most_sweep_state) continue;
          // A recurrence does the same for every token and head.
          const double ratio = work(swept.shape) / work(task.shape);
          swept.flops *= ratio;
          swept.bytes *= ratio;
          swept.name = describe(swept.kernel, swept.shape);
          add({.group = "wkv_sweep", .task = swept});
        }
      }
    }
  }

  // More parameters say nothing new about a pass over memory.
  static constexpr double most_optimizer = 5e8;

  Batch batch_;
  PlanSizes sizes_;
  RunPlan plan_;
  std::set<std::string> names_;
};

}  // namespace

std::string Planned::name() const {
  if (group == "launch") return "launch " + std::string(name_of(launches));
  const std::string precision_word = task.is_gemm() ? " " + std::string(name_of(precision)) : "";
  return task.name + precision_word + " " + std::string(name_of(mode));
}

PlanSizes quick_sizes() {
  return {.stream_elements = std::int64_t{1} << 28,
          .ceiling = 8192,
          .smaller = {4096, 2048},
          .sweep_batches = {1, 2, 4, 8, 16},
          .sweep_heads = {32},
          .sweep_sequences = {1024, 4096},
          .most_sweep_state = 4.0 * 1024 * 1024,
          .precisions = {GemmPrecision::bf16, GemmPrecision::fp8},
          .cold = false};
}

PlanSizes full_sizes() {
  PlanSizes sizes = quick_sizes();
  sizes.sweep_heads = {12, 16, 32, 40, 64};
  sizes.sweep_batches = {1, 2, 3, 4, 6, 8, 12, 16, 32};
  sizes.sweep_sequences = {512, 1024, 2048, 4096, 8192};
  sizes.precisions.assign(all_gemm_precisions.begin(), all_gemm_precisions.end());
  sizes.cold = true;
  return sizes;
}

PlanSizes emulated_sizes() {
  return {.stream_elements = 4096,
          .ceiling = 32,
          .smaller = {16},
          .sweep_batches = {1, 2},
          .sweep_heads = {1},
          .sweep_sequences = {16, 32},
          .most_sweep_state = 1024,
          .precisions = {GemmPrecision::bf16},
          .cold = true};
}

RunPlan run_plan(const std::vector<PlannedModel>& models, const Batch& batch, const PlanSizes& sizes) {
  return Planning(batch, sizes)(models);
}

double trained_parameters(const ModelOps& ops) {
  double sum = 0.0;
  const auto add = [&](const Block& block, double times) {
    for (const Op& op : block.ops)
      sum += times * op.trained_parameters;
  };
  add(ops.embedding, 1.0);
  for (std::size_t i = 0; i < ops.blocks.size(); ++i)
    add(ops.blocks[i], ops.repeats(static_cast<int>(i)));
  add(ops.head, 1.0);
  return sum;
}

}  // namespace trainbudget::microbench
