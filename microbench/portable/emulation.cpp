#include "portable/emulation.h"

#include "portable/fiber.h"

#include <exception>
#include <stdexcept>
#include <vector>

namespace trainbudget::microbench {

/// The threads of one block: who waits for what, and the registers in exchange.
class EmulatedThreads {
 public:
  explicit EmulatedThreads(int count, ThreadOrder order)
      : fibers_(static_cast<std::size_t>(count)),
        waiting_(fibers_.size(), Wait::none),
        exchanged_(2 * fibers_.size()),
        exchanges_(fibers_.size(), 0) {
    for (std::size_t i = 0; i < fibers_.size(); ++i)
      order_.push_back(place(i, order));
  }

  void run(const std::function<void(int)>& body) {
    for (std::size_t i = 0; i < fibers_.size(); ++i) {
      waiting_[i] = Wait::none;
      exchanges_[i] = 0;
      fibers_[i].start([this, i, &body] {
        try {
          body(static_cast<int>(i));
        } catch (...) {
          failure_ = std::current_exception();
        }
      });
    }
    while (step()) {
    }
    if (failure_) std::rethrow_exception(failure_);
  }

  void barrier(int thread) { wait(index(thread), Wait::block); }
  void warp_barrier(int thread) { wait(index(thread), Wait::warp); }

  float exchange(int thread, float value, int mask) {
    // Two sets of slots in turn: a thread may already write for its next exchange while others read this one.
    const std::size_t slots = (exchanges_[index(thread)]++ % 2) * fibers_.size();
    exchanged_[slots + index(thread)] = value;
    wait(index(thread), Wait::warp);
    return exchanged_[slots + index(thread ^ mask)];
  }

 private:
  enum class Wait : std::uint8_t { none, warp, block };

  static std::size_t index(int thread) { return static_cast<std::size_t>(thread); }

  std::size_t place(std::size_t i, ThreadOrder order) const {
    const std::size_t count = fibers_.size();
    if (order == ThreadOrder::descending) return count - 1 - i;
    // Odd threads first, so that neighbours run far apart in time.
    if (order == ThreadOrder::interleaved) return 2 * i + 1 < count ? 2 * i + 1 : 2 * (i - count / 2);
    return i;
  }

  void wait(std::size_t thread, Wait what) {
    waiting_[thread] = what;
    fibers_[thread].yield();
  }

  /// Runs every thread that may run, then opens the barriers that are complete. False when all have returned.
  bool step() {
    bool ran = false;
    for (const std::size_t i : order_) {
      if (waiting_[i] != Wait::none || fibers_[i].finished()) continue;
      ran = true;
      fibers_[i].resume();
      if (failure_) return false;
    }
    bool opened = false;
    for (std::size_t first = 0; first < fibers_.size(); first += warp_size) {
      opened |= open(first, std::min(first + warp_size, fibers_.size()), Wait::warp);
    }
    opened |= open(0, fibers_.size(), Wait::block);
    if (opened) return true;
    for (const Fiber& fiber : fibers_) {
      if (!fiber.finished()) throw std::logic_error("threads of a block wait at different barriers");
    }
    return ran;
  }

  /// Lets the threads [first, last) go on when all of them wait for `what`.
  bool open(std::size_t first, std::size_t last, Wait what) {
    for (std::size_t i = first; i < last; ++i) {
      if (waiting_[i] != what) return false;
    }
    for (std::size_t i = first; i < last; ++i)
      waiting_[i] = Wait::none;
    return true;
  }

  std::vector<Fiber> fibers_;
  std::vector<Wait> waiting_;
  std::vector<float> exchanged_;
  std::vector<unsigned> exchanges_;
  std::vector<std::size_t> order_;
  std::exception_ptr failure_;
};

void EmulatedBlock::barrier() {
  threads_.barrier(thread_);
}

void EmulatedBlock::warp_barrier() {
  threads_.warp_barrier(thread_);
}

float EmulatedBlock::shuffle_xor(float value, int mask) {
  return threads_.exchange(thread_, value, mask);
}

void run_emulated(int threads, Grid grid, ThreadOrder order, const std::function<void()>& reset,
                  const std::function<void(EmulatedBlock&)>& body) {
  EmulatedThreads block_threads(threads, order);
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        reset();
        block_threads.run([&](int thread) {
          EmulatedBlock block(block_threads, thread, Grid{x, y, z}, grid);
          body(block);
        });
      }
    }
  }
}

}  // namespace trainbudget::microbench
