#include "harness/verify.h"

#include "harness/elements.h"

#include <algorithm>
#include <cmath>

namespace trainbudget::microbench {

namespace {

// Wide enough for the longest access of a thread, and an alignment of 256 bytes behind it.
constexpr std::size_t guard = 256;
// All ones is NaN in both floating formats, so an output that is not written fails.
constexpr std::byte poison{0xff};

bool is_result(Role role) {
  return role == Role::output || role == Role::in_place;
}

/// A tensor on the machine, between guards.
struct Placed {
  const Tensor* tensor;
  Buffer buffer;
  std::vector<std::byte> host;

  void* data() const { return static_cast<std::byte*>(buffer.data()) + guard; }
};

std::vector<Placed> place(const std::vector<Tensor>& tensors, const Values& values, Machine& machine) {
  std::vector<Placed> placed;
  placed.reserve(tensors.size());
  for (const Tensor& tensor : tensors) {
    const std::size_t bytes = static_cast<std::size_t>(tensor.count) * size_of(tensor.type);
    placed.push_back(
        {&tensor, Buffer(machine, bytes + 2 * guard), std::vector<std::byte>(bytes + 2 * guard, poison)});
    Placed& here = placed.back();
    if (tensor.role != Role::output && tensor.role != Role::scratch) {
      const auto encoded = encode(tensor, values.at(tensor.name));
      std::copy(encoded.begin(), encoded.end(), here.host.begin() + guard);
    }
    machine.copy_in(here.buffer.data(), here.host.data(), here.host.size());
  }
  return placed;
}

void run(const Kernel& kernel, const Shape& shape, Machine& machine, std::vector<Placed>& placed) {
  Arguments arguments;
  for (const Placed& each : placed)
    arguments.set(each.tensor->name, each.data());
  machine.binding(kernel)(shape, arguments)(machine.stream());
  machine.synchronize();
  for (Placed& each : placed)
    machine.copy_out(each.host.data(), each.buffer.data(), each.host.size());
}

bool guards_intact(const std::vector<std::byte>& host) {
  const auto untouched = [](std::byte b) { return b == poison; };
  return std::all_of(host.begin(), host.begin() + guard, untouched) &&
         std::all_of(host.end() - guard, host.end(), untouched);
}

/// The inputs as drawn; `in_place` tensors hold what the kernel finds there.
Values draw_inputs(const std::vector<Tensor>& tensors, std::uint64_t seed) {
  Values values;
  std::uint64_t stream = seed * 1000;
  for (const Tensor& tensor : tensors) {
    ++stream;
    if (tensor.role == Role::input || tensor.role == Role::unread || tensor.role == Role::in_place)
      values[tensor.name] = draw(tensor, stream);
  }
  return values;
}

void round_saved(const std::vector<Tensor>& tensors, Values& values) {
  for (const Tensor& tensor : tensors) {
    if (tensor.role == Role::saved)
      values[tensor.name] = decode(tensor, encode(tensor, values.at(tensor.name)));
  }
}

}  // namespace

bool Verification::passed() const {
  return !tensors.empty() &&
         std::all_of(tensors.begin(), tensors.end(), [](const auto& t) { return t.passed; });
}

TensorCheck compare(const Tensor& tensor, const std::vector<double>& result,
                    const std::vector<double>& reference) {
  double difference = 0.0;
  double norm = 0.0;
  double worst = 0.0;
  bool finite = true;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double error = result[i] - reference[i];
    finite = finite && std::isfinite(error);
    difference += error * error;
    norm += reference[i] * reference[i];
    worst = std::max(worst, std::abs(error));
  }
  TensorCheck check{.tensor = tensor.name, .tolerance = tensor.tolerance};
  const double root_mean_square = std::sqrt(norm / static_cast<double>(reference.size()));
  check.relative_error = std::sqrt(difference / norm);
  check.worst_element = worst / root_mean_square;
  check.passed = finite && result.size() == reference.size() && norm > 0.0 &&
                 check.relative_error <= tensor.tolerance && check.worst_element <= 64.0 * tensor.tolerance;
  return check;
}

Values reference_values(const KernelSpecification& specification, const Shape& shape, std::uint64_t seed) {
  Values values = draw_inputs(specification.tensors(shape), seed);
  specification.reference(shape, values);
  return values;
}

Verification verify(const Kernel& kernel, const Shape& shape, Machine& machine, std::uint64_t seed) {
  const KernelSpecification specification = kernel.specification();
  const std::vector<Tensor> tensors = specification.tensors(shape);
  const Values expected = reference_values(specification, shape, seed);
  Values given = draw_inputs(tensors, seed);
  for (const Tensor& tensor : tensors) {
    if (tensor.role == Role::saved) given[tensor.name] = expected.at(tensor.name);
  }
  round_saved(tensors, given);
  std::vector<Placed> placed = place(tensors, given, machine);
  run(kernel, shape, machine, placed);

  Verification verification;
  for (const Placed& each : placed) {
    if (!is_result(each.tensor->role)) continue;
    const std::vector<std::byte> inner(each.host.begin() + guard, each.host.end() - guard);
    TensorCheck check = compare(*each.tensor, decode(*each.tensor, inner), expected.at(each.tensor->name));
    check.written_outside = !guards_intact(each.host);
    check.passed = check.passed && !check.written_outside;
    verification.tensors.push_back(check);
  }
  return verification;
}

std::vector<std::byte> run_once(const Kernel& kernel, const Shape& shape, Machine& machine,
                                std::uint64_t seed) {
  const KernelSpecification specification = kernel.specification();
  const std::vector<Tensor> tensors = specification.tensors(shape);
  Values given = draw_inputs(tensors, seed);
  Values expected = given;
  specification.reference(shape, expected);
  for (const Tensor& tensor : tensors) {
    if (tensor.role == Role::saved) given[tensor.name] = expected.at(tensor.name);
  }
  std::vector<Placed> placed = place(tensors, given, machine);
  run(kernel, shape, machine, placed);
  std::vector<std::byte> outputs;
  for (const Placed& each : placed) {
    if (is_result(each.tensor->role)) outputs.insert(outputs.end(), each.host.begin(), each.host.end());
  }
  return outputs;
}

}  // namespace trainbudget::microbench
