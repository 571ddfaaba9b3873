// The buffers of a launch, filled and bound: ready to be launched over and over.
#pragma once

#include "harness/device.h"

#include <map>
#include <string>
#include <vector>

namespace trainbudget::microbench {

/// Buffers by what they hold. Within one launch all are distinct; the next launch may get the same ones.
class BufferPool {
 public:
  explicit BufferPool(Device& device, std::uint64_t seed = 1) : device_(device), next_stream_(seed * 1000) {}

  /// Launches bound from here on may use every buffer again.
  void begin_launch() { used_.clear(); }
  /// A buffer for `tensor`, filled as it says when it is new. `owner` keeps what a forward pass saves apart.
  void* tensor(const Tensor& tensor, std::string_view owner);
  void* operand(GemmPrecision precision, std::int64_t count);
  void* result(std::size_t bytes);
  double bytes() const { return bytes_; }

 private:
  template <class Fill>
  void* take(const std::string& key, std::size_t bytes, Fill fill);

  Device& device_;
  std::uint64_t next_stream_;
  double bytes_ = 0.0;
  std::map<std::string, std::vector<Buffer>> buffers_;
  std::map<std::string, std::size_t> used_;
};

/// `kernel` over buffers of `pool`. What a gradient needs of its forward pass is computed here, on the same
/// inputs. Throws UnsupportedShape, and std::runtime_error when the machine fails.
BoundKernel bind_kernel(Device& device, BufferPool& pool, const Kernel& kernel, const Shape& shape);

/// Operands and result of a product in buffers of `pool`.
GemmOperands product_operands(BufferPool& pool, const GemmShape& shape, GemmPrecision precision);

/// A product over buffers of `pool`. Throws UnsupportedShape.
Queue bind_product(Device& device, BufferPool& pool, const GemmShape& shape, GemmPrecision precision);

/// How many sets of buffers of `bytes` each rotate so that together they exceed `least_bytes`.
std::size_t rotating_sets(double bytes, double least_bytes);

/// A task several times over buffers of its own, so that repeated launches do not find their inputs in the
/// cache: as many sets as it takes for the data of all to exceed `least_bytes`, one at least.
class Workset {
 public:
  Workset(Device& device, const Task& task, GemmPrecision precision, double least_bytes);

  std::size_t sets() const { return launches_.size(); }
  void launch(std::size_t set, LaunchStream stream) const { launches_[set](stream); }
  int candidates() const { return candidates_; }
  int chosen() const { return chosen_; }

 private:
  std::vector<BufferPool> pools_;
  std::vector<Queue> launches_;
  int candidates_ = 0, chosen_ = 0;
};

}  // namespace trainbudget::microbench
