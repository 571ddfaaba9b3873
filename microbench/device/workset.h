// The buffers of a kernel at a shape on the GPU, filled and bound: ready to be launched over and over.
#pragma once

#include "harness/machine.h"

#include <string>
#include <vector>

namespace trainbudget::microbench {

/// Several sets of buffers, so that repeated launches do not find their inputs in the cache.
class Workset {
 public:
  /// Draws inputs and computes what a forward pass saves for a gradient. As many sets as it takes for the
  /// data of all to exceed `least_bytes`, one at least. Throws UnsupportedShape and DeviceError.
  Workset(Machine& machine, const Kernel& kernel, const Shape& shape, std::size_t least_bytes);

  std::size_t sets() const { return launches_.size(); }
  void launch(std::size_t set) const { launches_[set](machine_.stream()); }

 private:
  void add_set(const Kernel& kernel, const Shape& shape, std::uint64_t seed);

  Machine& machine_;
  std::vector<Buffer> buffers_;
  std::vector<BoundKernel> launches_;
};

}  // namespace trainbudget::microbench
