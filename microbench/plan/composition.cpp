#include "plan/composition.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trainbudget::microbench {

namespace {

constexpr double agreement = 0.05;
const std::string optimizer_part = "optimizer";

std::string kind_of(const Task& task) {
  if (task.is_gemm()) return "matmul";
  return task.kernel.rfind("wkv", 0) == 0 ? "wkv" : "element-wise";
}

class Composer {
 public:
  Composer(const ModelOps& ops, const StepRequest& request) : ops_(ops), request_(request) {}

  StepComposition operator()() {
    const int layers = request_.layers;
    add(ops_.embedding, Phase::forward, "embedding", false);
    for (int layer = 0; layer < layers; ++layer)
      add(block_of(layer), Phase::forward, "forward", true);
    add(ops_.head, Phase::forward, "head", false);
    add(ops_.head, Phase::backward, "head", false);
    for (int layer = layers; layer-- > 0;) {
      if (request_.recompute) add(block_of(layer), Phase::forward, "recompute", true);
      add(block_of(layer), Phase::backward, "backward", true);
    }
    add(ops_.embedding, Phase::backward, "embedding", false);
    step_.items.push_back({optimizer_part, optimizer_task(request_.optimizer_parameters), false});
    step_.layer_factor = static_cast<double>(ops_.layers.size()) / layers;
    step_.optimizer_factor = trained_parameters(ops_) / request_.optimizer_parameters;
    return std::move(step_);
  }

 private:
  const Block& block_of(int layer) const {
    return ops_.blocks[static_cast<std::size_t>(ops_.layers[static_cast<std::size_t>(layer)])];
  }

  void add(const Block& block, Phase phase, const std::string& pass, bool per_layer) {
    const BlockTasks tasks = block_tasks(block, request_.batch, ops_.hidden_size, phase);
    for (Task task : tasks.tasks) {
      const int launches = static_cast<int>(task.launches);
      task.flops /= task.launches;
      task.bytes /= task.launches;
      task.launches = 1.0;
      for (int i = 0; i < launches; ++i)
        step_.items.push_back({pass + " " + kind_of(task), task, per_layer});
    }
    for (const std::string& operation : tasks.uncovered) {
      auto& known = step_.uncovered;
      if (std::find(known.begin(), known.end(), operation) == known.end()) known.push_back(operation);
    }
  }

  const ModelOps& ops_;
  StepRequest request_;
  StepComposition step_;
};

double factor_of(const StepComposition& step, const std::string& part) {
  if (part == optimizer_part) return step.optimizer_factor;
  const auto item = std::find_if(step.items.begin(), step.items.end(),
                                 [&](const StepItem& candidate) { return candidate.part == part; });
  return item != step.items.end() && item->per_layer ? step.layer_factor : 1.0;
}

}  // namespace

StepComposition compose_step(const ModelOps& ops, const StepRequest& request) {
  return Composer(ops, request)();
}

std::vector<MeasuredPart> predicted_parts(const StepComposition& step,
                                          const std::function<double(const Task&)>& single) {
  std::vector<MeasuredPart> parts;
  std::map<std::string, std::size_t> places;
  for (const StepItem& item : step.items) {
    const auto [place, added] = places.emplace(item.part, parts.size());
    if (added) parts.push_back({.name = item.part});
    MeasuredPart& part = parts[place->second];
    ++part.launches;
    part.predicted_seconds += single(item.task);
  }
  return parts;
}

std::vector<MeasuredPart> scaled_to_model(const StepComposition& step, std::vector<MeasuredPart> parts) {
  for (MeasuredPart& part : parts) {
    const double factor = factor_of(step, part.name);
    part.seconds *= factor;
    part.predicted_seconds *= factor;
  }
  return parts;
}

double scaled_seconds(const StepComposition& step, double seconds, const std::vector<MeasuredPart>& parts) {
  double total = seconds;
  for (const MeasuredPart& part : parts)
    total += (factor_of(step, part.name) - 1.0) * part.seconds;
  return total;
}

bool disagrees(double measured, double predicted) {
  return std::abs(predicted / measured - 1.0) > agreement;
}

}  // namespace trainbudget::microbench
