// What is measured: operations of a model as the estimator's core counts them, each with the kernel or the
// matrix product that carries it out. FLOPs and bytes are core's; here they only find their launch.
#pragma once

#include "core/measurement.h"
#include "core/model_ops.h"
#include "harness/gemm_precision.h"
#include "kernels/shape.h"

#include <string>
#include <vector>

namespace trainbudget::microbench {

enum class Phase : std::uint8_t { forward, backward, optimizer };

constexpr std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return "forward";
    case Phase::backward:
      return "backward";
    case Phase::optimizer:
      return "optimizer";
  }
  return "unknown";
}

/// Which of the three products of a linear layer y = x·Wᵀ with x [tokens, k], W [n, k].
enum class GemmPass : std::uint8_t {
  forward,          ///< y [tokens, n] = x · Wᵀ
  input_gradient,   ///< dx [tokens, k] = dy · W
  weight_gradient,  ///< dW [n, k] = dyᵀ · x
};

constexpr std::string_view name_of(GemmPass pass) {
  switch (pass) {
    case GemmPass::forward:
      return "forward";
    case GemmPass::input_gradient:
      return "input_gradient";
    case GemmPass::weight_gradient:
      return "weight_gradient";
  }
  return "unknown";
}

struct GemmShape {
  GemmPass pass = GemmPass::forward;
  std::int64_t tokens = 0, n = 0, k = 0;
  std::int64_t count = 1;  ///< products of this shape in one batch

  friend bool operator==(const GemmShape&, const GemmShape&) = default;
};

/// Elements of the first operand, the second and the result of a product: x, W, y; dy, W, dx; dy, x, dW.
struct GemmElements {
  std::int64_t x, y, result;
};
GemmElements elements_of(const GemmShape& shape);
/// Bytes of all three.
double product_bytes(const GemmShape& shape, GemmPrecision precision);

struct Task {
  std::string name;       ///< unique in a measurement: "wkv7_backward B8 T4096 H32"
  std::string operation;  ///< core's name: "time_mix.wkv"
  Phase phase = Phase::forward;
  std::string kernel;  ///< in the kernel table; empty for a matrix product
  Shape shape;         ///< of the kernel
  GemmShape gemm;
  double launches = 1.0;  ///< of this task in the place where it stands
  double flops = 0.0;     ///< core's count, of all launches together
  double bytes = 0.0;     ///< likewise

  bool is_gemm() const { return kernel.empty(); }
};

struct Batch {
  std::int64_t sequences = 1;
  std::int64_t sequence_length = 4096;
};

/// The tasks of one block of operations of a RWKV model over `batch`, forward or backward, in the order of
/// execution (backward: last operation first). Operations that no kernel here carries out are returned by
/// name in `uncovered`.
struct BlockTasks {
  std::vector<Task> tasks;
  std::vector<std::string> uncovered;
};
BlockTasks block_tasks(const Block& block, const Batch& batch, double hidden_size, Phase phase);

/// The optimizer step over `parameters`.
Task optimizer_task(double parameters);

/// One launch of `kernel` that belongs to no model: FLOPs zero, bytes those of its tensors.
Task stream_task(const std::string& kernel, std::int64_t elements);

/// Bytes of the tensors that a kernel reads and writes, scratch aside.
double tensor_bytes(const std::string& kernel, const Shape& shape);

/// "wkv7_backward B8 T4096 H32×64": kernel and the sizes that it uses.
std::string describe(const std::string& kernel, const Shape& shape);
std::string describe(const GemmShape& gemm);

/// The sizes that describe() names, for a measurement.
MeasuredShape sizes_used(const std::string& kernel, const Shape& shape);

}  // namespace trainbudget::microbench
