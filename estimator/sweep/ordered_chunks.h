// Work in chunks on several threads, results taken in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace trainbudget::sweep {

/// Calls `make(chunk)` for the chunks from `first` to before `last`, each of `threads` threads with a `make`
/// of its own from `maker()`, and `take(text)` on the calling thread with the results in the order of chunks.
/// Ends early, after a whole chunk, when `take` returns false. At most four chunks a thread wait to be taken.
/// An exception of `make` is thrown when its chunk's turn has come.
class OrderedChunks {
 public:
  using Make = std::function<std::string(std::uint64_t chunk)>;
  using Take = std::function<bool(const std::string& text)>;

  OrderedChunks(std::uint64_t first, std::uint64_t last) : next_(first), turn_(first), last_(last) {}

  void run(int threads, const std::function<Make()>& maker, const Take& take);

 private:
  struct Result {
    std::string text;
    std::exception_ptr error;
  };
  void work(const Make& make);
  void take_all(const Take& take);

  std::mutex mutex_;
  std::condition_variable made_;
  std::condition_variable taken_;
  std::map<std::uint64_t, Result> waiting_;
  std::uint64_t next_;
  std::uint64_t turn_;
  std::uint64_t last_;
  std::uint64_t window_ = 1;
  bool stopped_ = false;
};

}  // namespace trainbudget::sweep
