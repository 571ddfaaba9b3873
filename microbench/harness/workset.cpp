#include "harness/workset.h"

#include <algorithm>
#include <cmath>

namespace trainbudget::microbench {

namespace {

constexpr double most_sets = 16.0;

/// The forward kernel of a gradient: "wkv7_backward" has "wkv7_forward".
const Kernel* forward_of(const Kernel& kernel) {
  const std::string_view suffix = "_backward";
  if (kernel.name.size() <= suffix.size() ||
      kernel.name.substr(kernel.name.size() - suffix.size()) != suffix) {
    return nullptr;
  }
  return find_kernel(std::string(kernel.name.substr(0, kernel.name.size() - suffix.size())) + "_forward");
}

std::string key_of(const Tensor& tensor, std::string_view owner) {
  const std::string size = std::to_string(static_cast<int>(tensor.type)) + " " + std::to_string(tensor.count);
  if (tensor.role == Role::saved) return "saved " + std::string(owner) + " " + tensor.name + " " + size;
  if (tensor.role == Role::output || tensor.role == Role::scratch) return "output " + size;
  const char* kind = tensor.role == Role::in_place ? "in place " : "input ";
  return kind + size + " " + std::to_string(static_cast<int>(tensor.fill.kind)) + " " +
         std::to_string(tensor.fill.scale) + " " + std::to_string(tensor.fill.offset);
}

}  // namespace

template <class Fill>
void* BufferPool::take(const std::string& key, std::size_t bytes, Fill fill) {
  std::vector<Buffer>& known = buffers_[key];
  const std::size_t index = used_[key]++;
  if (index == known.size()) {
    known.emplace_back(device_.machine(), bytes);
    bytes_ += static_cast<double>(bytes);
    fill(known.back().data(), ++next_stream_);
  }
  return known[index].data();
}

void* BufferPool::tensor(const Tensor& tensor, std::string_view owner) {
  // Outputs and scratch are filled too: what a kernel finds there must not be a page that was never touched.
  return take(key_of(tensor, owner), static_cast<std::size_t>(tensor.count) * size_of(tensor.type),
              [&](void* data, std::uint64_t stream) {
                device_.fill(data, tensor.type, tensor.count, tensor.fill, stream);
              });
}

void* BufferPool::operand(GemmPrecision precision, std::int64_t count) {
  return take(
      "operand " + std::string(name_of(precision)) + " " + std::to_string(count),
      static_cast<std::size_t>(count) * operand_bytes(precision),
      [&](void* data, std::uint64_t stream) { device_.fill_operand(data, precision, count, stream); });
}

void* BufferPool::result(std::size_t bytes) {
  return take("result " + std::to_string(bytes), bytes, [](void*, std::uint64_t) {});
}

BoundKernel bind_kernel(Device& device, BufferPool& pool, const Kernel& kernel, const Shape& shape) {
  pool.begin_launch();
  Arguments arguments;
  bool saves = false;
  const std::vector<Tensor> tensors = kernel.specification().tensors(shape);
  for (const Tensor& tensor : tensors) {
    saves = saves || tensor.role == Role::saved;
    if (tensor.role != Role::unread) arguments.set(tensor.name, pool.tensor(tensor, kernel.name));
  }
  if (saves) {
    const Kernel* forward = forward_of(kernel);
    if (forward == nullptr) throw std::logic_error("no forward kernel for " + std::string(kernel.name));
    for (const Tensor& tensor : forward->specification().tensors(shape)) {
      const bool known = std::any_of(tensors.begin(), tensors.end(), [&](const Tensor& other) {
        return other.name == tensor.name && other.role != Role::unread;
      });
      if (!known) arguments.set(tensor.name, pool.tensor(tensor, forward->name));
    }
    device.machine().binding (*forward)(shape, arguments)(device.machine().stream());
    device.machine().synchronize();
  }
  return device.machine().binding(kernel)(shape, arguments);
}

GemmOperands product_operands(BufferPool& pool, const GemmShape& shape, GemmPrecision precision) {
  pool.begin_launch();
  const GemmElements elements = elements_of(shape);
  return {pool.operand(precision, elements.x), pool.operand(precision, elements.y),
          pool.result(static_cast<std::size_t>(elements.result) * result_bytes(precision))};
}

Queue bind_product(Device& device, BufferPool& pool, const GemmShape& shape, GemmPrecision precision) {
  const GemmOperands operands = product_operands(pool, shape, precision);
  const GemmProduct product = device.product(shape, precision, operands);
  return [launch = product.launch, operands](LaunchStream stream) { launch(operands, stream); };
}

std::size_t rotating_sets(double bytes, double least_bytes) {
  return static_cast<std::size_t>(
      std::clamp(std::floor(least_bytes / std::max(bytes, 1.0)) + 1.0, 1.0, most_sets));
}

Workset::Workset(Device& device, const Task& task, GemmPrecision precision, double least_bytes) {
  const double bytes =
      task.is_gemm() ? product_bytes(task.gemm, precision) : tensor_bytes(task.kernel, task.shape);
  const std::size_t count = rotating_sets(bytes, least_bytes);
  pools_.reserve(count);
  // Chosen once: sets that run different algorithms would be a mixture of times.
  GemmProduct product;
  for (std::size_t i = 0; i < count; ++i) {
    BufferPool& pool = pools_.emplace_back(device, i + 1);
    if (!task.is_gemm()) {
      launches_.emplace_back(bind_kernel(device, pool, *find_kernel(task.kernel), task.shape));
      continue;
    }
    const GemmOperands operands = product_operands(pool, task.gemm, precision);
    if (i == 0) product = device.product(task.gemm, precision, operands);
    launches_.emplace_back(
        [launch = product.launch, operands](LaunchStream stream) { launch(operands, stream); });
  }
  if (task.is_gemm()) {
    candidates_ = product.candidates;
    chosen_ = product.chosen;
  }
  device.machine().synchronize();
}

}  // namespace trainbudget::microbench
