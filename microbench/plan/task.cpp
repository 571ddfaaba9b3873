#include "plan/task.h"

#include "kernels/registry.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace trainbudget::microbench {

namespace {

/// How a row of the table below finds its shape.
enum class Sizes : std::uint8_t {
  rows,   ///< [tokens, hidden]
  heads,  ///< heads of a recurrence
  flat,   ///< two bytes read and two written per element forward
  residual,
  vocabulary,
};

struct Row {
  std::string_view operation;
  std::string_view forward;   ///< kernel; empty where there is nothing to do
  std::string_view backward;  ///< likewise
  Sizes sizes;
  double backward_launches = 1.0;
};

// The element-wise operations of RWKV-7 (core/arch/rwkv7.cpp, feed_forward.cpp) and what every RWKV shares.
constexpr std::array rows{
    Row{"embedding_norm", "layer_norm_forward", "layer_norm_backward", Sizes::rows},
    Row{"mixer_norm", "layer_norm_forward", "layer_norm_backward", Sizes::rows},
    Row{"feed_forward_norm", "layer_norm_forward", "layer_norm_backward", Sizes::rows},
    Row{"final_norm", "layer_norm_forward", "layer_norm_backward", Sizes::rows},
    Row{"mixer_residual", "residual", "residual", Sizes::residual},
    Row{"feed_forward_residual", "residual", "residual", Sizes::residual},
    Row{"time_mix.decay_tanh", "tanh_forward", "tanh_backward", Sizes::flat},
    Row{"time_mix.decay", "bias_forward", "bias_backward", Sizes::rows},
    Row{"time_mix.value_residual", "value_residual_forward", "value_residual_backward", Sizes::rows},
    Row{"time_mix.learning_rate", "sigmoid_gate_forward", "sigmoid_gate_backward", Sizes::rows},
    Row{"time_mix.gate_sigmoid", "sigmoid_forward", "sigmoid_backward", Sizes::flat},
    Row{"time_mix.key_update", "key_preparation_forward", "key_preparation_backward", Sizes::rows},
    Row{"time_mix.gradient_sums", "", "residual", Sizes::residual, 3.0},
    Row{"channel_mix.relu_squared", "squared_relu_forward", "squared_relu_backward", Sizes::flat},
    Row{"loss", "cross_entropy", "", Sizes::vocabulary},
};

/// Operations whose kernel depends on the version of RWKV.
Row versioned_row(const Op& op, bool seven) {
  if (op.name == "time_mix.mix" && seven)
    return {op.name, "token_mix6_forward", "token_mix6_backward", Sizes::rows};
  if (op.name == "channel_mix.mix" && seven)
    return {op.name, "token_mix1_forward", "token_mix1_backward", Sizes::rows};
  if (op.name == "time_mix.group_norm" && seven) {
    return {op.name, "head_norm_forward", "head_norm_backward", Sizes::rows};
  }
  return {};
}

Row recurrence_row(const Op& op) {
  if (op.kernel == "wkv4") return {op.name, "wkv4_forward", "wkv4_backward", Sizes::heads};
  if (op.kernel == "wkv5") return {op.name, "wkv5_forward", "wkv5_backward", Sizes::heads};
  if (op.kernel == "wkv6") return {op.name, "wkv6_forward", "wkv6_backward", Sizes::heads};
  if (op.kernel == "wkv7") return {op.name, "wkv7_forward", "wkv7_backward", Sizes::heads};
  return {};
}

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(value + 0.5);
}

Shape shape_of(const Op& op, Sizes sizes, const Batch& batch, double hidden_size) {
  Shape shape{.batch = batch.sequences, .sequence = batch.sequence_length, .channels = whole(hidden_size)};
  shape.heads = std::max<std::int64_t>(1, shape.channels / shape.head_size);
  switch (sizes) {
    case Sizes::rows:
      break;
    case Sizes::heads:
      if (op.head_size > 1.0) {
        shape.heads = whole(op.heads);
        shape.head_size = whole(op.head_size);
      } else {
        shape.channels = whole(op.heads);
      }
      break;
    case Sizes::flat:
      shape.elements = whole(static_cast<double>(shape.tokens()) * op.forward_bytes / 4.0);
      break;
    case Sizes::residual:
      shape.elements = shape.tokens() * shape.channels;
      break;
    case Sizes::vocabulary:
      shape.vocabulary = whole(op.forward_bytes / 4.0);
      break;
  }
  return shape;
}

void append_gemm(const Op& op, const Batch& batch, Phase phase, std::vector<Task>& tasks) {
  const auto tokens = static_cast<double>(batch.sequences * batch.sequence_length);
  const auto add = [&](GemmPass pass, double flops_per_token) {
    Task task{.operation = std::string(op.name),
              .phase = phase,
              .gemm = {pass, whole(tokens), whole(op.n), whole(op.k), whole(op.count)}};
    task.flops = flops_per_token * tokens;
    // Of 16-bit elements: both inputs and the result, once.
    task.bytes = 2.0 * op.count * (tokens * (op.n + op.k) + op.n * op.k);
    task.name = describe(task.gemm);
    tasks.push_back(task);
  };
  if (phase == Phase::forward) {
    add(GemmPass::forward, op.forward_flops);
    return;
  }
  // Half of the backward FLOPs each.
  add(GemmPass::input_gradient, op.backward_flops / 2.0);
  add(GemmPass::weight_gradient, op.backward_flops / 2.0);
}

void append_kernel(const Op& op, const Row& row, const Batch& batch, double hidden_size, Phase phase,
                   std::vector<Task>& tasks) {
  const bool forward = phase == Phase::forward;
  const std::string kernel(forward ? row.forward : row.backward);
  if (kernel.empty()) return;
  Task task{.operation = std::string(op.name),
            .phase = phase,
            .kernel = kernel,
            .shape = shape_of(op, row.sizes, batch, hidden_size),
            .launches = forward ? 1.0 : row.backward_launches};
  const auto tokens = static_cast<double>(task.shape.tokens());
  task.flops = tokens * (forward ? op.forward_flops : op.backward_flops);
  task.bytes = tokens * (forward ? op.forward_bytes : op.backward_bytes);
  // The loss and its gradient are one kernel, listed forward.
  if (row.backward.empty()) task.bytes += tokens * op.backward_bytes;
  task.name = describe(kernel, task.shape);
  tasks.push_back(task);
}

}  // namespace

BlockTasks block_tasks(const Block& block, const Batch& batch, double hidden_size, Phase phase) {
  BlockTasks result;
  const bool seven = std::any_of(block.ops.begin(), block.ops.end(),
                                 [](const Op& op) { return op.name == "time_mix.key_update"; });
  // The channel mix of RWKV-7 has no receptance; a block without mixer tells its version by that.
  const auto append = [&](const Op& op) {
    if (op.kind == OpKind::gemm) return append_gemm(op, batch, phase, result.tasks);
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.operation == op.name; });
    Row row = op.kind == OpKind::recurrence ? recurrence_row(op)
              : found != rows.end()         ? *found
                                            : versioned_row(op, seven);
    const bool moves_nothing = op.forward_bytes == 0.0 && op.backward_bytes == 0.0;
    if (row.operation.empty()) {
      if (!moves_nothing) result.uncovered.emplace_back(op.name);
      return;
    }
    append_kernel(op, row, batch, hidden_size, phase, result.tasks);
  };
  if (phase == Phase::forward) {
    std::for_each(block.ops.begin(), block.ops.end(), append);
  } else {
    std::for_each(block.ops.rbegin(), block.ops.rend(), append);
  }
  return result;
}

double tensor_bytes(const std::string& kernel, const Shape& shape) {
  const Kernel* found = find_kernel(kernel);
  if (found == nullptr) throw std::logic_error("no kernel '" + kernel + "'");
  double bytes = 0.0;
  for (const Tensor& tensor : found->specification().tensors(shape)) {
    const double once = static_cast<double>(tensor.count) * static_cast<double>(size_of(tensor.type));
    if (tensor.role == Role::scratch || tensor.role == Role::unread) continue;
    bytes += tensor.role == Role::in_place ? 2.0 * once : once;
  }
  return bytes;
}

Task optimizer_task(double parameters) {
  Task task{.operation = "optimizer",
            .phase = Phase::optimizer,
            .kernel = "adamw",
            .shape = {.elements = whole(parameters)}};
  task.bytes = tensor_bytes(task.kernel, task.shape);
  task.name = describe(task.kernel, task.shape);
  return task;
}

Task stream_task(const std::string& kernel, std::int64_t elements) {
  Task task{.operation = "stream", .kernel = kernel, .shape = {.elements = elements}};
  task.bytes = tensor_bytes(kernel, task.shape);
  task.name = describe(kernel, task.shape);
  return task;
}

namespace {

bool starts_with(const std::string& kernel, const char* prefix) {
  return kernel.rfind(prefix, 0) == 0;
}

/// A kernel over one flat array.
bool is_flat(const std::string& kernel) {
  return starts_with(kernel, "tanh") || starts_with(kernel, "sigmoid_f") ||
         starts_with(kernel, "sigmoid_b") || starts_with(kernel, "squared") || kernel == "residual" ||
         kernel == "adamw" || starts_with(kernel, "stream");
}

/// A recurrence with a state per head; RWKV-4 has one per channel.
bool has_heads(const std::string& kernel) {
  return starts_with(kernel, "wkv") && !starts_with(kernel, "wkv4");
}

}  // namespace

MeasuredShape sizes_used(const std::string& kernel, const Shape& shape) {
  const auto size = [](std::int64_t value) { return static_cast<double>(value); };
  if (is_flat(kernel)) return {.elements = size(shape.elements)};
  MeasuredShape used{.batch = size(shape.batch), .sequence = size(shape.sequence)};
  if (kernel == "cross_entropy") {
    used.vocabulary = size(shape.vocabulary);
  } else if (has_heads(kernel)) {
    used.heads = size(shape.heads);
    used.head_size = size(shape.head_size);
  } else {
    used.channels = size(shape.channels);
  }
  return used;
}

std::string describe(const std::string& kernel, const Shape& shape) {
  const auto with = [](const char* letter, std::int64_t size) {
    return std::string(" ") + letter + std::to_string(size);
  };
  if (is_flat(kernel)) return kernel + with("n", shape.elements);
  std::string text = kernel + with("B", shape.batch) + with("T", shape.sequence);
  if (kernel == "cross_entropy") return text + with("V", shape.vocabulary);
  if (has_heads(kernel)) {
    return text + with("H", shape.heads) + "x" + std::to_string(shape.head_size);
  }
  return text + with("C", shape.channels);
}

GemmElements elements_of(const GemmShape& s) {
  const std::int64_t outer = s.count * s.tokens * s.n, inner = s.count * s.tokens * s.k,
                     weight = s.count * s.n * s.k;
  switch (s.pass) {
    case GemmPass::forward:
      return {inner, weight, outer};
    case GemmPass::input_gradient:
      return {outer, weight, inner};
    case GemmPass::weight_gradient:
      break;
  }
  return {outer, inner, weight};
}

double product_bytes(const GemmShape& shape, GemmPrecision precision) {
  const GemmElements elements = elements_of(shape);
  return static_cast<double>(elements.x + elements.y) * static_cast<double>(operand_bytes(precision)) +
         static_cast<double>(elements.result) * static_cast<double>(result_bytes(precision));
}

std::string describe(const GemmShape& gemm) {
  std::string text = "gemm " + std::string(name_of(gemm.pass)) + " M" + std::to_string(gemm.tokens) + " N" +
                     std::to_string(gemm.n) + " K" + std::to_string(gemm.k);
  return gemm.count == 1 ? text : text + " x" + std::to_string(gemm.count);
}

}  // namespace trainbudget::microbench
