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
      add_product("ceiling", {GemmPass::forward, sizes_.ceiling, sizes_.ceiling, sizes_.ceiling}, precision);
    for (const GemmPrecision precision : sizes_.precisions) {
      if (precision != GemmPrecision::bf16 && precision != GemmPrecision::fp8) continue;
      for (const std::int64_t width : sizes_.widths)
        add_product("ceiling", {GemmPass::forward, 4 * sizes_.ceiling, width, sizes_.ceiling}, precision);
    }
    add({.group = "launch", .launches = LaunchMode::eager});
    add({.group = "launch", .launches = LaunchMode::graph});
    for (const PlannedModel& model : models)
      add_model(model);
    for (const Sweep& sweep : sizes_.sweeps) {
      for (const PlannedModel& model : models)
        add_sweep(model.ops, sweep);
    }
    for (Planned& item : cold_)
      add(std::move(item));
    return std::move(plan_);
  }

 private:
  void add(Planned item) {
    if (names_.insert(item.name()).second) plan_.items.push_back(std::move(item));
  }

  void add_timings(const std::string& group, const Task& task) {
    add({.group = group, .task = task, .mode = TimingMode::repeated});
    if (sizes_.cold) cold_.push_back({.group = group, .task = task, .mode = TimingMode::cold});
  }

  void add_product(const std::string& group, const GemmShape& shape, GemmPrecision precision) {
    Task task{.operation = group, .gemm = shape};
    task.flops =
        2.0 * static_cast<double>(shape.tokens) * static_cast<double>(shape.n) * static_cast<double>(shape.k);
    task.bytes = product_bytes(shape, precision);
    task.name = describe(shape);
    add({.group = group, .task = task, .precision = precision});
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

  void add_sweep(const ModelOps& ops, const Sweep& over) {
    if (ops.blocks.empty()) return;
    const Block& block = ops.blocks.back();
    for (const Phase phase : {Phase::forward, Phase::backward}) {
      for (const Task& task : block_tasks(block, batch_, ops.hidden_size, phase).tasks) {
        if (is_recurrence(task)) sweep(task, over);
      }
    }
  }

  void sweep(const Task& task, const Sweep& over) {
    const bool channels = task.kernel.rfind("wkv4", 0) == 0;
    const auto work = [&](const Shape& shape) {
      return static_cast<double>(shape.tokens() * (channels ? shape.channels : shape.heads));
    };
    for (const std::int64_t sequence : over.sequences) {
      for (const std::int64_t heads : over.heads) {
        for (const std::int64_t batch : over.batches) {
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
  std::vector<Planned> cold_;
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
          .widths = {2048, 1024},
          .sweeps = {{.batches = {1, 2, 4, 8, 16}, .heads = {32}, .sequences = {1024, 4096}}},
          .most_sweep_state = 4.0 * 1024 * 1024,
          .precisions = {GemmPrecision::bf16, GemmPrecision::fp8},
          .cold = false};
}

PlanSizes full_sizes() {
  PlanSizes sizes = quick_sizes();
  sizes.sweeps.push_back({.batches = {1, 2, 3, 4, 6, 8, 12, 16, 32},
                          .heads = {12, 16, 32, 40, 64},
                          .sequences = {512, 1024, 2048, 4096, 8192}});
  sizes.precisions.assign(all_gemm_precisions.begin(), all_gemm_precisions.end());
  sizes.cold = true;
  return sizes;
}

PlanSizes emulated_sizes() {
  return {.stream_elements = 4096,
          .ceiling = 32,
          .widths = {16},
          .sweeps = {{.batches = {1, 2}, .heads = {1}, .sequences = {16, 32}}},
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
