// A compiled kernel file, loaded and called: checked against the reference and ready to be timed.
#pragma once

#include "harness/device.h"
#include "harness/verify.h"
#include "kernel_file/interface.h"

namespace trainbudget::microbench {

/// The inputs of the reference, each in the precision in which the file gets it.
Values draw_inputs(const KernelInterface& interface, const Shape& shape, std::uint64_t seed);

/// `inputs` and all results that a file is compared with, by the references of both directions.
Values expected_results(const KernelInterface& interface, const Shape& shape, const Values& inputs);

class LoadedKernel {
 public:
  /// Throws KernelFileError where the library cannot be loaded or lacks a function of the interface.
  LoadedKernel(const KernelInterface& interface, const std::string& library);
  ~LoadedKernel();
  LoadedKernel(const LoadedKernel&) = delete;
  LoadedKernel& operator=(const LoadedKernel&) = delete;

  const KernelInterface& interface() const { return interface_; }

  /// Buffers of a shape with random inputs on a device.
  class Bound {
   public:
    /// Inputs are kept, outputs poisoned: compare() tells whether the file is right.
    static Bound to_verify(const LoadedKernel& kernel, Device& device, const Shape& shape,
                           std::uint64_t seed);
    /// Everything is drawn on the device, as large as it may be, and nothing kept.
    static Bound to_time(const LoadedKernel& kernel, Device& device, const Shape& shape, std::uint64_t seed);

    void forward() const;
    void backward() const;
    /// Outputs against the reference, after both have run. Of to_verify() alone.
    Verification compare() const;

   private:
    Bound(const LoadedKernel& kernel, Device& device, const Shape& shape)
        : kernel_(kernel), device_(device), shape_(shape) {}
    void add_buffer(const std::vector<std::byte>& bytes);
    void call(void* function, const std::vector<std::string_view>& arguments) const;
    void* data_of(std::string_view tensor) const;

    const LoadedKernel& kernel_;
    Device& device_;
    Shape shape_;
    Values inputs_;
    std::vector<Buffer> buffers_;  ///< in the order of the interface's tensors
  };

 private:
  const KernelInterface& interface_;
  void* handle_ = nullptr;
  void* forward_ = nullptr;
  void* backward_ = nullptr;
};

/// Bytes of all tensors of `interface` at `shape`.
double file_bytes(const KernelInterface& interface, const Shape& shape);

/// Shapes at which a file is verified: small ones that the interface takes.
std::vector<Shape> file_test_shapes(const KernelInterface& interface);

}  // namespace trainbudget::microbench
