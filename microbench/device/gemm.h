// Matrix products through cuBLASLt, in the layouts in which a linear layer is trained. The library is loaded
// at run time.
#pragma once

#include "harness/gemm_precision.h"
#include "harness/machine.h"
#include "plan/task.h"

#include <functional>
#include <memory>
#include <string>

namespace trainbudget::microbench {

/// cuBLASLt and its handle and workspace.
class GemmLibrary {
 public:
  virtual ~GemmLibrary() = default;

  /// "13.0.2".
  virtual std::string version() const = 0;

  struct Operands {
    const void *x, *y;  ///< forward: x, W; input gradient: dy, W; weight gradient: dy, x
    void* result;
  };
  struct Product {
    std::function<void(const Operands&)> launch;  ///< queues it on the default stream
    int candidates = 0;  ///< algorithms that the library's heuristic proposed, best first; all were tried
    int chosen = 0;      ///< the fastest of them
  };

  /// The product with the fastest of the proposed algorithms, found by running each on `operands`. Throws
  /// UnsupportedShape where the library or the GPU has none for this precision and shape, DeviceError when
  /// one fails.
  virtual Product prepare(const GemmShape& shape, GemmPrecision precision, const Operands& operands) = 0;
};

/// Null, with the reason in `reason`, where the library cannot be loaded.
std::unique_ptr<GemmLibrary> load_gemm_library(std::string& reason);

/// Elements of the first operand, the second and the result.
struct GemmElements {
  std::int64_t x, y, result;
};
GemmElements elements_of(const GemmShape& shape);

}  // namespace trainbudget::microbench
