// A search finds the best layouts, whatever it passes over and however many threads share it.
#include "core/layout_search.h"

#include "any_step.h"
#include "catch.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <thread>

using namespace trainbudget;

namespace {

struct Problem {
  Case step;
  SearchSpace space;

  LayoutSearch search(const SearchOptions& options) const {
    return search_layouts(step.workload, step.machine, space, step.efficiency, options);
  }
};

Problem any_problem() {
  Problem problem{.step = any_case()};
  problem.space = {.accelerators = static_cast<double>(*rc::gen::element(1, 2, 4, 6, 8)),
                   .global_batch = static_cast<double>(*rc::gen::element(1, 4, 6, 8)),
                   .zero_bubble = *rc::gen::arbitrary<bool>(),
                   .modules = *rc::gen::arbitrary<bool>(),
                   .smaller_batches = *rc::gen::arbitrary<bool>()};
  // Often too small for the model, so that memory decides.
  problem.step.machine.memory_capacity = any_between(1e8, 3e10);
  return problem;
}

bool same(const LayoutCandidate& a, const LayoutCandidate& b) {
  return a.layout == b.layout && a.step_seconds == b.step_seconds && a.memory_bytes == b.memory_bytes &&
         a.global_batch == b.global_batch && a.batch_seconds == b.batch_seconds;
}

bool same(const LayoutSearch& a, const LayoutSearch& b) {
  return a.layouts == b.layouts && same(a.nearest, b.nearest) &&
         std::equal(a.best.begin(), a.best.end(), b.best.begin(), b.best.end(),
                    [](const LayoutCandidate& x, const LayoutCandidate& y) { return same(x, y); });
}

void check(const std::function<void()>& property) {
  CHECK(rc::check(property));
}

}  // namespace

TEST_CASE("a search that is told what is of interest finds it, and nothing slower") {
  check([] {
    const Problem problem = any_problem();
    const LayoutSearch all = problem.search({.kept = 1});
    RC_PRE(!all.best.empty());
    const double fastest = all.best.front().batch_seconds;
    const LayoutSearch just = problem.search({.kept = 1, .slowest_seconds = fastest});
    RC_ASSERT(just.best.size() == 1);
    RC_ASSERT(same(just.best.front(), all.best.front()));
    RC_ASSERT(problem.search({.kept = 1, .slowest_seconds = fastest * (1.0 - 1e-6)}).best.empty());
  });
}

TEST_CASE("a share of the memory is as good as a smaller memory") {
  check([] {
    Problem problem = any_problem();
    problem.space.memory_share = any_between(0.3, 1.0);
    const LayoutSearch share = problem.search({.kept = 3});
    problem.step.machine.memory_capacity *= problem.space.memory_share;
    problem.space.memory_share = 1.0;
    const LayoutSearch smaller = problem.search({.kept = 3});
    RC_ASSERT(same(share, smaller));
  });
}

TEST_CASE("a search with bounds ranks layouts as one that tries them all, on any number of threads") {
  check([] {
    const Problem problem = any_problem();
    const auto kept = static_cast<std::size_t>(*rc::gen::element(1, 3, 20));
    const LayoutSearch plain = problem.search({.kept = kept, .pruning = Pruning::none});
    RC_ASSERT(plain.evaluated == plain.layouts);
    for (const int threads : {1, 2, 3}) {
      const LayoutSearch bounds = problem.search({.kept = kept, .threads = threads});
      RC_ASSERT(same(bounds, plain));
      RC_ASSERT(bounds.evaluated <= plain.evaluated);
    }
    RC_ASSERT(same(problem.search({.kept = kept, .threads = 2, .pruning = Pruning::none}), plain));
  });
}

TEST_CASE("processes that share a search find together what one finds alone") {
  /// What MPI does in trainbudget-mpi, between threads.
  struct Shared {
    std::atomic<std::uint64_t> next{0};
    std::atomic<double> least{std::numeric_limits<double>::infinity()};
  };
  class Share : public SearchShare {
   public:
    explicit Share(Shared& shared) : shared_(shared) {}
    std::uint64_t next() override { return shared_.next++; }
    double least(double seconds) override {
      double now = shared_.least;
      while (seconds < now && !shared_.least.compare_exchange_weak(now, seconds)) {
      }
      return shared_.least;
    }

   private:
    Shared& shared_;
  };
  check([] {
    const Problem problem = any_problem();
    const auto kept = static_cast<std::size_t>(*rc::gen::element(1, 3, 20));
    const LayoutSearch alone = problem.search({.kept = kept, .pruning = Pruning::none});
    for (const std::size_t processes : {1U, 2U, 4U}) {
      Shared shared;
      std::vector<LayoutSearch> parts(processes);
      {
        std::vector<std::jthread> workers;
        for (LayoutSearch& part : parts) {
          workers.emplace_back([&] {
            Share share(shared);
            part = problem.search({.kept = kept, .share = &share});
          });
        }
      }
      RC_ASSERT(same(together(parts, kept), alone));
    }
  });
}

TEST_CASE("what a search finds is what the step and its memory come to, to the last bit") {
  check([] {
    const Problem problem = any_problem();
    const Case& step = problem.step;
    const LayoutSearch found = problem.search({.kept = 50});
    std::vector<LayoutCandidate> candidates = found.best;
    if (found.nearest.step_seconds > 0.0) candidates.push_back(found.nearest);
    for (const LayoutCandidate& candidate : candidates) {
      const double batch = candidate.global_batch;
      RC_ASSERT(batch <= problem.space.global_batch);
      RC_ASSERT(batch > problem.space.global_batch - candidate.layout.data);
      RC_ASSERT(batch == problem.space.global_batch || problem.space.smaller_batches);
      RC_ASSERT(candidate.batch_seconds == problem.space.global_batch / batch * candidate.step_seconds);
      RC_ASSERT(layout_problem(step.workload, step.machine, candidate.layout, batch).empty());
      RC_ASSERT(candidate.layout.accelerators() == problem.space.accelerators);
      const StepTime time = step_time(step.workload, step.machine, candidate.layout, batch, step.efficiency);
      RC_ASSERT(candidate.step_seconds == time.total());
      const MemoryUse memory = memory_use(step.workload, candidate.layout, batch, step.efficiency);
      RC_ASSERT(candidate.memory_bytes == memory.peak.total());
      const bool fits = candidate.memory_bytes <= step.machine.memory_capacity;
      RC_ASSERT(fits == !found.best.empty());
    }
  });
}

TEST_CASE("no layout is tried twice, and any that can train is tried") {
  check([] {
    Problem problem = any_problem();
    problem.step.machine.memory_capacity = std::numeric_limits<double>::infinity();
    // One drawn at random that can train.
    Layout layout{.tensor = power_of_two(3), .pipeline = *rc::gen::inRange(1, 5)};
    layout.data = static_cast<int>(problem.space.accelerators) / layout.tensor / layout.pipeline;
    layout.micro_batch = *rc::gen::inRange(1, 5);
    layout.sequence_parallel = layout.tensor > 1 && *rc::gen::arbitrary<bool>();
    const double domain = problem.step.machine.accelerators_per_node;
    RC_PRE(layout.data > 0 && layout.accelerators() == problem.space.accelerators && layout.tensor <= domain);
    RC_PRE(layout_problem(problem.step.workload, problem.step.machine, layout, problem.space.global_batch)
               .empty());
    const LayoutSearch all = problem.search({.kept = 1'000'000, .pruning = Pruning::none});
    RC_ASSERT(static_cast<std::int64_t>(all.best.size()) == all.layouts);
    const auto twice =
        std::adjacent_find(all.best.begin(), all.best.end(),
                           [](const auto& one, const auto& next) { return one.layout == next.layout; });
    RC_ASSERT(twice == all.best.end());
    RC_ASSERT(std::any_of(all.best.begin(), all.best.end(),
                          [&](const LayoutCandidate& candidate) { return candidate.layout == layout; }));
  });
}
