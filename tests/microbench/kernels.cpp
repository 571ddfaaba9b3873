// Every kernel of the table: right against its reference, free of races, and the reference's gradients right
// against finite differences.
#include "catch.h"
#include "harness/elements.h"
#include "harness/verify.h"

#include <cmath>

using namespace trainbudget::microbench;

namespace {

std::string describe(const Kernel& kernel, const Shape& s) {
  return std::string(kernel.name) + " B" + std::to_string(s.batch) + " T" + std::to_string(s.sequence) +
         " H" + std::to_string(s.heads) + "x" + std::to_string(s.head_size) + " C" +
         std::to_string(s.channels) + " V" + std::to_string(s.vocabulary) + " n" + std::to_string(s.elements);
}

/// Σ over the outputs x of `forward` of x · d_x, for the gradients d_x that `values` holds.
double weighted_loss(const KernelSpecification& gradient, const Shape& shape, Values values) {
  gradient.differentiates(shape, values);
  double loss = 0.0;
  for (const Tensor& tensor : gradient.tensors(shape)) {
    if (tensor.role != Role::input || tensor.name.rfind("d_", 0) != 0) continue;
    const std::vector<double>& weights = values.at(tensor.name);
    const std::vector<double>& output = values.at(tensor.name.substr(2));
    for (std::size_t i = 0; i < weights.size(); ++i)
      loss += weights[i] * output[i];
  }
  return loss;
}

}  // namespace

TEST_CASE("every kernel agrees with its reference on the emulated machine") {
  const auto machine = make_emulated_machine(ThreadOrder::ascending);
  for (const Kernel& kernel : all_kernels()) {
    for (const Shape& shape : kernel.specification().test_shapes) {
      INFO(describe(kernel, shape));
      const Verification result = verify(kernel, shape, *machine, 7);
      REQUIRE_FALSE(result.tensors.empty());
      for (const TensorCheck& check : result.tensors) {
        INFO(check.tensor << ": relative error " << check.relative_error << ", worst element "
                          << check.worst_element << ", tolerance " << check.tolerance << ", outside "
                          << check.written_outside);
        CHECK(check.passed);
      }
    }
  }
}

TEST_CASE("no kernel depends on the order in which its threads run") {
  const auto up = make_emulated_machine(ThreadOrder::ascending);
  const auto down = make_emulated_machine(ThreadOrder::descending);
  const auto mixed = make_emulated_machine(ThreadOrder::interleaved);
  for (const Kernel& kernel : all_kernels()) {
    const Shape shape = kernel.specification().test_shapes.front();
    INFO(describe(kernel, shape));
    const auto expected = run_once(kernel, shape, *up, 11);
    CHECK(run_once(kernel, shape, *down, 11) == expected);
    CHECK(run_once(kernel, shape, *mixed, 11) == expected);
  }
}

TEST_CASE("the gradients of every reference match finite differences") {
  for (const Kernel& kernel : all_kernels()) {
    const KernelSpecification specification = kernel.specification();
    if (specification.differentiates == nullptr) continue;
    const Shape shape = specification.test_shapes.front();
    const Values values = reference_values(specification, shape, 3);
    int checked = 0;
    for (const Tensor& tensor : specification.tensors(shape)) {
      const std::string gradient_name = "d_" + tensor.name;
      if ((tensor.role != Role::input && tensor.role != Role::unread) ||
          values.find(gradient_name) == values.end())
        continue;
      // A gradient that is an input weights an output; this tensor is an input, so its gradient is a result.
      const std::vector<double>& gradient = values.at(gradient_name);
      // Gradients that are kept per sequence, [batch, …], are meant summed over the batch.
      const std::vector<double> direction =
          draw({.name = "direction", .type = ElementType::float32, .count = tensor.count}, 99);
      double slope = 0.0;
      for (std::size_t i = 0; i < gradient.size(); ++i)
        slope += gradient[i] * direction[i % direction.size()];
      const double step = 1e-4;
      Values above = values, below = values;
      for (std::size_t i = 0; i < direction.size(); ++i) {
        above[tensor.name][i] += step * direction[i];
        below[tensor.name][i] -= step * direction[i];
      }
      const double difference =
          (weighted_loss(specification, shape, above) - weighted_loss(specification, shape, below)) /
          (2.0 * step);
      INFO(describe(kernel, shape) << " " << gradient_name);
      CHECK(slope == Approx(difference).epsilon(1e-4));
      ++checked;
    }
    INFO(kernel.name);
    CHECK(checked > 0);
  }
}

TEST_CASE("verification notices an unwritten element, a wrong element and a NaN") {
  const Tensor tensor{
      .name = "x", .type = ElementType::float32, .role = Role::output, .count = 4, .tolerance = 1e-3};
  const std::vector<double> reference{1.0, -2.0, 3.0, -4.0};
  CHECK(compare(tensor, reference, reference).passed);
  CHECK(compare(tensor, {1.0, -2.0, 3.0, -4.001}, reference).passed);
  CHECK_FALSE(compare(tensor, {1.0, -2.0, 3.0, -4.1}, reference).passed);
  CHECK_FALSE(compare(tensor, {1.0, -2.0, 3.0, std::nan("")}, reference).passed);
  CHECK_FALSE(compare(tensor, {0.0, 0.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}).passed);
}
