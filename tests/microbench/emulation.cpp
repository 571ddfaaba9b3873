// The emulation itself: barriers, register exchange, and that it finds the mistakes it is there to find.
#include "portable/emulation.h"

#include "catch.h"

#include <stdexcept>
#include <vector>

using namespace trainbudget::microbench;

namespace {

/// Reverses runs of `span` numbers, a block's 64 or a warp's 32, through shared memory; without the barrier a
/// thread reads what is not yet written.
struct Reverse {
  static constexpr int threads = 64;
  struct Shared {
    float value[64];
  };
  float* out;
  bool with_barrier = true;
  int span = threads;

  Grid grid() const { return {1, 1, 1}; }

  template <class Block>
  void operator()(Block& block, Shared& shared) const {
    const int thread = block.thread();
    shared.value[thread] = static_cast<float>(thread);
    if (with_barrier && span == threads) block.barrier();
    if (with_barrier && span == warp_size) block.warp_barrier();
    out[thread] = shared.value[thread ^ (span - 1)];
  }
};

std::vector<float> reversed(bool with_barrier, ThreadOrder order, int span = Reverse::threads) {
  std::vector<float> out(64);
  emulate(Reverse{out.data(), with_barrier, span}, order);
  return out;
}

struct WarpSum {
  static constexpr int threads = 64;
  struct Shared {};
  float* out;

  Grid grid() const { return {2, 1, 1}; }

  template <class Block>
  void operator()(Block& block, Shared&) const {
    auto sum = static_cast<float>(block.thread());
    for (int mask = 16; mask > 0; mask /= 2)
      sum += block.shuffle_xor(sum, mask);
    out[block.x() * 64 + block.thread()] = sum;
  }
};

struct Diverging {
  static constexpr int threads = 32;
  struct Shared {};
  Grid grid() const { return {1, 1, 1}; }

  template <class Block>
  void operator()(Block& block, Shared&) const {
    if (block.thread() != 7) block.barrier();
  }
};

struct Throwing {
  static constexpr int threads = 32;
  struct Shared {};
  Grid grid() const { return {1, 1, 1}; }

  template <class Block>
  void operator()(Block& block, Shared&) const {
    if (block.thread() == 3) throw std::runtime_error("thread 3");
    block.barrier();
  }
};

struct Uninitialised {
  static constexpr int threads = 32;
  struct Shared {
    float value[32];
  };
  float* out;
  Grid grid() const { return {1, 1, 1}; }

  template <class Block>
  void operator()(Block& block, Shared& shared) const {
    out[block.thread()] = shared.value[block.thread()];
  }
};

}  // namespace

TEST_CASE("a barrier makes every thread's writes visible, in any order of threads") {
  for (const ThreadOrder order :
       {ThreadOrder::ascending, ThreadOrder::descending, ThreadOrder::interleaved}) {
    const auto out = reversed(true, order);
    for (std::size_t i = 0; i < out.size(); ++i)
      REQUIRE(out[i] == static_cast<float>(63 - i));
  }
}

TEST_CASE("a missing barrier shows as results that depend on the order of threads") {
  const auto up = reversed(false, ThreadOrder::ascending);
  const auto down = reversed(false, ThreadOrder::descending);
  REQUIRE(up[63] == 0.0F);
  REQUIRE(up[0] != up[0]);
  REQUIRE(down[0] == 63.0F);
  REQUIRE(down[63] != down[63]);
}

TEST_CASE("a barrier of a warp makes its writes visible in any order, and a missing one shows") {
  for (const ThreadOrder order :
       {ThreadOrder::ascending, ThreadOrder::descending, ThreadOrder::interleaved}) {
    const auto out = reversed(true, order, warp_size);
    for (std::size_t i = 0; i < out.size(); ++i)
      REQUIRE(out[i] == static_cast<float>(i ^ 31));
  }
  const auto up = reversed(false, ThreadOrder::ascending, warp_size);
  REQUIRE(up[31] == 0.0F);
  REQUIRE(up[0] != up[0]);
}

TEST_CASE("an exchange stays inside its warp") {
  std::vector<float> out(128);
  emulate(WarpSum{out.data()}, ThreadOrder::interleaved);
  for (std::size_t i = 0; i < out.size(); ++i)
    REQUIRE(out[i] == (i % 64 < 32 ? 496.0F : 1520.0F));
}

TEST_CASE("a barrier that a thread skips is an error, not a hang") {
  REQUIRE_THROWS_AS(emulate(Diverging{}, ThreadOrder::ascending), std::logic_error);
}

TEST_CASE("an exception of a thread reaches the caller") {
  REQUIRE_THROWS_WITH(emulate(Throwing{}, ThreadOrder::descending), "thread 3");
}

TEST_CASE("shared memory starts as NaN") {
  std::vector<float> out(32, 0.0F);
  emulate(Uninitialised{out.data()}, ThreadOrder::ascending);
  for (const float value : out)
    REQUIRE(value != value);
}
