#include "sweep/ordered_chunks.h"

#include <utility>

namespace trainbudget::sweep {

void OrderedChunks::run(int threads, const std::function<Make()>& maker, const Take& take) {
  window_ = 4 * static_cast<std::uint64_t>(threads);
  std::vector<std::jthread> workers;
  workers.reserve(static_cast<std::size_t>(threads));
  // Whatever happens below, the threads are told to end before they are waited for.
  struct Stop {
    OrderedChunks& chunks;
    ~Stop() {
      const std::scoped_lock lock(chunks.mutex_);
      chunks.stopped_ = true;
      chunks.taken_.notify_all();
    }
  };
  const Stop stop{*this};
  for (int i = 0; i < threads; ++i)
    workers.emplace_back([this, make = maker()] { work(make); });
  take_all(take);
}

void OrderedChunks::work(const Make& make) {
  std::unique_lock lock(mutex_);
  while (true) {
    taken_.wait(lock, [&] { return stopped_ || next_ >= last_ || next_ < turn_ + window_; });
    if (stopped_ || next_ >= last_) return;
    const std::uint64_t chunk = next_++;
    lock.unlock();
    Result result;
    try {
      result.text = make(chunk);
    } catch (...) {
      result.error = std::current_exception();
    }
    lock.lock();
    waiting_.emplace(chunk, std::move(result));
    made_.notify_one();
  }
}

void OrderedChunks::take_all(const Take& take) {
  while (true) {
    Result result;
    {
      std::unique_lock lock(mutex_);
      if (turn_ >= last_) return;
      made_.wait(lock, [&] { return waiting_.contains(turn_); });
      result = std::move(waiting_.extract(turn_).mapped());
      ++turn_;
      taken_.notify_all();
    }
    if (result.error) std::rethrow_exception(result.error);
    if (!take(result.text)) return;
  }
}

}  // namespace trainbudget::sweep
