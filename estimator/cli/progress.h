// How far a long run has come, on a terminal alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace trainbudget::cli {

class ProgressLine {
 public:
  /// `total` things called `what`, of which `done` were done before.
  ProgressLine(std::string what, std::uint64_t total, std::uint64_t done);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Says at most four times a second how many are done, how fast, and how long the rest will take.
  void update(std::uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::uint64_t total_;
  std::uint64_t before_;
  bool shown_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_{};
};

}  // namespace trainbudget::cli
