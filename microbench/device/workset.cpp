#include "device/workset.h"

#include "device/device_kernels.h"
#include "plan/task.h"

#include <algorithm>

namespace trainbudget::microbench {

namespace {

constexpr std::size_t most_sets = 16;

/// The forward kernel of a gradient: "wkv7_backward" has "wkv7_forward".
const Kernel* forward_of(const Kernel& kernel) {
  const std::string_view suffix = "_backward";
  if (kernel.name.size() <= suffix.size() ||
      kernel.name.substr(kernel.name.size() - suffix.size()) != suffix) {
    return nullptr;
  }
  return find_kernel(std::string(kernel.name.substr(0, kernel.name.size() - suffix.size())) + "_forward");
}

}  // namespace

Workset::Workset(Machine& machine, const Kernel& kernel, const Shape& shape, std::size_t least_bytes)
    : machine_(machine) {
  const auto bytes = static_cast<std::size_t>(tensor_bytes(std::string(kernel.name), shape)) + 1;
  const std::size_t count = std::clamp<std::size_t>((least_bytes + bytes - 1) / bytes, 1, most_sets);
  for (std::size_t i = 0; i < count; ++i)
    add_set(kernel, shape, i + 1);
  machine_.synchronize();
}

void Workset::add_set(const Kernel& kernel, const Shape& shape, std::uint64_t seed) {
  Arguments arguments;
  std::uint64_t stream = seed * 1000;
  bool saves = false;
  const auto place = [&](const Tensor& tensor, std::vector<Buffer>& owner) {
    owner.emplace_back(machine_, static_cast<std::size_t>(tensor.count) * size_of(tensor.type));
    void* data = owner.back().data();
    // Outputs and scratch too: what a kernel finds there must not be a page that was never touched.
    fill_on_device(data, tensor.type, tensor.count, tensor.fill, ++stream);
    arguments.set(tensor.name, data);
  };
  const std::vector<Tensor> tensors = kernel.specification().tensors(shape);
  for (const Tensor& tensor : tensors) {
    saves = saves || tensor.role == Role::saved;
    if (tensor.role != Role::unread) place(tensor, buffers_);
  }
  if (saves) {
    // The forward pass on the same inputs writes what it saves; its other tensors live only as long.
    const Kernel* forward = forward_of(kernel);
    if (forward == nullptr) throw std::logic_error("no forward kernel for " + std::string(kernel.name));
    std::vector<Buffer> temporary;
    for (const Tensor& tensor : forward->specification().tensors(shape)) {
      const bool known = std::any_of(tensors.begin(), tensors.end(), [&](const Tensor& other) {
        return other.name == tensor.name && other.role != Role::unread;
      });
      if (!known) place(tensor, temporary);
    }
    machine_.binding (*forward)(shape, arguments)(machine_.stream());
    machine_.synchronize();
  }
  launches_.push_back(machine_.binding(kernel)(shape, arguments));
}

}  // namespace trainbudget::microbench
