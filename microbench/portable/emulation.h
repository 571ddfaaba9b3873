// Runs a kernel on the CPU: block after block, each thread of a block on its own stack, switched at barriers
// and at register exchanges only. Deterministic for a given order; running the same kernel in several orders
// and comparing bits finds a missing barrier.
#pragma once

#include "portable/portable.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>

namespace trainbudget::microbench {

/// In which order the threads of a block run between two barriers.
enum class ThreadOrder : std::uint8_t { ascending, descending, interleaved };

class EmulatedThreads;

/// What a kernel sees of its place in the launch, on the CPU. Same interface as CudaBlock.
class EmulatedBlock {
 public:
  EmulatedBlock(EmulatedThreads& threads, int thread, Grid index, Grid grid)
      : threads_(threads), thread_(thread), index_(index), grid_(grid) {}

  int thread() const { return thread_; }
  int x() const { return static_cast<int>(index_.x); }
  int y() const { return static_cast<int>(index_.y); }
  int z() const { return static_cast<int>(index_.z); }
  int grid_x() const { return static_cast<int>(grid_.x); }

  /// Waits for all threads of the block.
  void barrier();
  /// Waits for all threads of the warp.
  void warp_barrier();
  /// The value that thread `lane ^ mask` of this warp passes to the same call. All threads of the warp must
  /// call.
  float shuffle_xor(float value, int mask);

 private:
  EmulatedThreads& threads_;
  int thread_;
  Grid index_, grid_;
};

/// Runs `body(block)` as every thread of every block. `reset` is called before each block.
/// Throws std::logic_error when threads of a block wait at different barriers, and what `body` throws.
void run_emulated(int threads, Grid grid, ThreadOrder order, const std::function<void()>& reset,
                  const std::function<void(EmulatedBlock&)>& body);

/// Runs `kernel` over its grid. Shared memory holds NaN at the start of each block, as nothing may rely on
/// it.
template <class Kernel>
void emulate(const Kernel& kernel, ThreadOrder order) {
  using Shared = typename Kernel::Shared;
  const auto storage = std::make_unique<Shared>();
  run_emulated(
      Kernel::threads, kernel.grid(), order,
      [&] { std::memset(static_cast<void*>(storage.get()), 0xff, sizeof(Shared)); },
      [&](EmulatedBlock& block) { kernel(block, *storage); });
}

}  // namespace trainbudget::microbench
