// How the harness hands a kernel its buffers: by name, resolved once, before anything is timed.
#pragma once

#include "kernels/shape.h"
#include "portable/emulation.h"

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace trainbudget::microbench {

/// What a launch occupies.
struct LaunchSize {
  double blocks = 0.0;
  double resident_blocks = 0.0;  ///< that the whole GPU holds at once; zero under emulation
};

/// Where a kernel is queued: a CUDA stream, or, under emulation, the order in which threads run.
struct LaunchStream {
  void* handle = nullptr;
  ThreadOrder order = ThreadOrder::ascending;
  /// Where set, nothing is queued: each launch adds its size instead.
  std::vector<LaunchSize>* sizes = nullptr;
};

/// Named buffers of one launch, in the memory of the machine that runs it.
class Arguments {
 public:
  void set(const std::string& name, void* buffer) { buffers_[name] = buffer; }

  /// The buffer `name` as elements of type `Element`. Throws std::out_of_range when it was never set.
  template <class Element>
  Element* get(const std::string& name) const {
    const auto found = buffers_.find(name);
    if (found == buffers_.end()) throw std::out_of_range("kernel argument '" + name + "' is not set");
    return static_cast<Element*>(found->second);
  }

 private:
  std::map<std::string, void*> buffers_;
};

/// A kernel with its arguments in place: queues the launch.
using BoundKernel = std::function<void(LaunchStream)>;
using BindKernel = BoundKernel(const Shape&, const Arguments&);

/// Thrown when a kernel does not serve a shape.
class UnsupportedShape : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Throws UnsupportedShape with `message` unless `holds`.
inline void require_shape(bool holds, const char* message) {
  if (!holds) throw UnsupportedShape(message);
}

}  // namespace trainbudget::microbench
