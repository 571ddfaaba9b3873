// The best of many candidates, when each has a bound that is cheap and a value that is not.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace trainbudget {

/// Smaller is better; compared from the first number on.
using Score = std::array<double, 3>;

struct BestFirst {
  int threads = 1;
  bool prune = true;  ///< false evaluates every candidate; the answer is the same
};

struct BestFound {
  std::size_t candidate = 0;
  Score score = {};
};

/// The candidate with the smallest score, the first of equals; nothing where none has one. `bound(i)` is,
/// number by number, at most `score(i)`, or nothing where `i` cannot have a score. `score(i, least)` is
/// nothing where it has none, and may be where it is above `least`, the best so far (null at first, and where
/// nothing is pruned). It may be called from several threads; what it throws is thrown here. The answer does
/// not depend on the threads.
template <class Bound, class Value>
std::optional<BestFound> best_of(std::span<const std::size_t> candidates, const Bound& bound,
                                 const Value& score, const BestFirst& how) {
  std::vector<BestFound> order;
  order.reserve(candidates.size());
  for (const std::size_t candidate : candidates) {
    const std::optional<Score> least = how.prune ? bound(candidate) : Score{};
    if (least) order.push_back({candidate, *least});
  }
  const auto better = [](const BestFound& a, const BestFound& b) {
    return a.score != b.score ? a.score < b.score : a.candidate < b.candidate;
  };
  std::sort(order.begin(), order.end(), better);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<BestFound> best;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < order.size(); i = next++) {
        std::optional<Score> least;
        if (how.prune) {
          const std::scoped_lock lock(mutex);
          if (best) least = best->score;
        }
        // All that follow are no better; equals are looked at, so that the first of them wins.
        if (least && order[i].score > *least) return;
        const std::size_t candidate = order[i].candidate;
        const std::optional<Score> value = score(candidate, least ? &*least : nullptr);
        if (!value) continue;
        const BestFound found{candidate, *value};
        const std::scoped_lock lock(mutex);
        if (!best || better(found, *best)) best = found;
      }
    } catch (...) {
      const std::scoped_lock lock(mutex);
      if (!failure) failure = std::current_exception();
      next = order.size();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 1; i < how.threads; ++i)
      workers.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  return best;
}

}  // namespace trainbudget
