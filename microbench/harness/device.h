// What a measurement needs of the machine that it runs on: a GPU, or this CPU standing in for one, so that
// every command takes the same path with and without a GPU.
#pragma once

#include "core/measurement.h"
#include "harness/environment.h"
#include "harness/gemm_precision.h"
#include "harness/machine.h"
#include "harness/measure.h"
#include "plan/task.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::microbench {

struct GemmOperands {
  const void *x, *y;  ///< forward: x, W; input gradient: dy, W; weight gradient: dy, x
  void* result;
};

/// A matrix product that can be queued over and over.
struct GemmProduct {
  std::function<void(const GemmOperands&, LaunchStream)> launch;
  int candidates = 0;  ///< algorithms that the library proposed, best first; all were tried
  int chosen = 0;      ///< the fastest of them
};

using Queue = std::function<void(LaunchStream)>;

/// Launches that are queued and timed one after the other as one part.
struct Span {
  std::string part;
  std::vector<Queue> launches;
};

enum class LaunchMode : std::uint8_t { eager, graph };
constexpr std::string_view name_of(LaunchMode mode) {
  return mode == LaunchMode::eager ? "eager" : "graph";
}

/// A sequence of launches, queued as they are or as one CUDA graph.
class Sequence {
 public:
  virtual ~Sequence() = default;
  /// Runs all of it and returns the seconds from its first launch to its last.
  virtual double sample() = 0;
  /// Seconds of each span in the last sample.
  virtual const std::vector<double>& span_seconds() const = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual Machine& machine() = 0;
  virtual MeasuredDevice description() = 0;
  /// "gpu", or "emulated": its times say nothing about a GPU.
  virtual std::string_view kind() const = 0;
  virtual double free_bytes() = 0;
  /// Clocks, power and temperature; null where nothing can be read.
  virtual ReadingSource* readings() = 0;

  /// Fills `count` elements in random stream `stream`.
  virtual void fill(void* target, ElementType type, std::int64_t count, const Fill& fill,
                    std::uint64_t stream) = 0;
  /// The same for an operand of a matrix product: normal, standard deviation 1.
  virtual void fill_operand(void* target, GemmPrecision precision, std::int64_t count,
                            std::uint64_t stream) = 0;

  /// Times `launch(i)`, which queues the work of set i, of `sets`, on the default stream.
  virtual std::unique_ptr<Timer> timer(std::function<void(std::size_t)> launch, std::size_t sets,
                                       TimingMode mode) = 0;
  virtual std::unique_ptr<Sequence> sequence(std::vector<Span> spans, LaunchMode mode) = 0;
  /// Queues a kernel that does nothing.
  virtual Queue empty_launch() = 0;
  /// Throws UnsupportedShape where there is no such product in this precision here.
  virtual GemmProduct product(const GemmShape& shape, GemmPrecision precision,
                              const GemmOperands& operands) = 0;
  /// The algorithms of products that were chosen until now are chosen again: the device was still cold.
  virtual void forget_choices() {}
};

/// This CPU. Products in bf16 alone.
std::unique_ptr<Device> make_emulated_device();

}  // namespace trainbudget::microbench
