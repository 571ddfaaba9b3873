// Memory and launches of one machine: a GPU, or this CPU standing in for one.
#pragma once

#include "kernels/registry.h"

#include <cstddef>
#include <memory>

namespace trainbudget::microbench {

class Machine {
 public:
  virtual ~Machine() = default;

  /// Bytes that live until `release`; throws std::runtime_error when there is no room.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* buffer) noexcept = 0;
  virtual void copy_in(void* target, const void* source, std::size_t bytes) = 0;
  virtual void copy_out(void* target, const void* source, std::size_t bytes) = 0;
  /// The binding of `kernel` for this machine.
  virtual BindKernel* binding(const Kernel& kernel) const = 0;
  virtual LaunchStream stream() const = 0;
  /// Waits for everything queued; throws std::runtime_error when a kernel failed.
  virtual void synchronize() = 0;
};

/// This CPU, running kernels thread by thread in the given order.
std::unique_ptr<Machine> make_emulated_machine(ThreadOrder order);

/// A buffer that goes back to its machine.
class Buffer {
 public:
  Buffer(Machine& machine, std::size_t bytes)
      : machine_(&machine), data_(machine.allocate(bytes)), bytes_(bytes) {}
  Buffer(Buffer&& other) noexcept : machine_(other.machine_), data_(other.data_), bytes_(other.bytes_) {
    other.data_ = nullptr;
  }
  Buffer& operator=(Buffer&&) = delete;
  ~Buffer() {
    if (data_ != nullptr) machine_->release(data_);
  }

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  Machine* machine_;
  void* data_;
  std::size_t bytes_;
};

}  // namespace trainbudget::microbench
