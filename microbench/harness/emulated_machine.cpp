#include "harness/machine.h"

#include <cstring>
#include <new>

namespace trainbudget::microbench {

namespace {

class EmulatedMachine final : public Machine {
 public:
  explicit EmulatedMachine(ThreadOrder order) : order_(order) {}

  void* allocate(std::size_t bytes) override { return ::operator new(bytes, alignment); }
  void release(void* buffer) noexcept override { ::operator delete(buffer, alignment); }
  void copy_in(void* target, const void* source, std::size_t bytes) override {
    std::memcpy(target, source, bytes);
  }
  void copy_out(void* target, const void* source, std::size_t bytes) override {
    std::memcpy(target, source, bytes);
  }
  BindKernel* binding(const Kernel& kernel) const override { return kernel.emulated; }
  LaunchStream stream() const override { return {.handle = nullptr, .order = order_}; }
  void synchronize() override {}

 private:
  static constexpr std::align_val_t alignment{256};
  ThreadOrder order_;
};

}  // namespace

std::unique_ptr<Machine> make_emulated_machine(ThreadOrder order) {
  return std::make_unique<EmulatedMachine>(order);
}

}  // namespace trainbudget::microbench
