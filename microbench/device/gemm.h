// Matrix products through cuBLASLt, in the layouts in which a linear layer is trained. The library is loaded
// at run time.
#pragma once

#include "harness/device.h"

#include <memory>
#include <string>

namespace trainbudget::microbench {

/// cuBLASLt and its handle and workspace.
class GemmLibrary {
 public:
  virtual ~GemmLibrary() = default;

  /// "13.0.2".
  virtual std::string version() const = 0;

  /// The product with the fastest of the proposed algorithms, found by running each on `operands`. Throws
  /// UnsupportedShape where the library or the GPU has none for this precision and shape, DeviceError when
  /// one fails.
  virtual GemmProduct prepare(const GemmShape& shape, GemmPrecision precision,
                              const GemmOperands& operands) = 0;
  /// What prepare() has chosen until now is chosen again when it is asked for.
  virtual void forget() = 0;
};

/// Null, with the reason in `reason`, where the library cannot be loaded.
std::unique_ptr<GemmLibrary> load_gemm_library(std::string& reason);

}  // namespace trainbudget::microbench
