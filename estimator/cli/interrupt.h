// Ctrl-C that keeps what is done.
#pragma once

#include <atomic>

namespace trainbudget::cli {

/// While it lives, SIGINT and SIGTERM only make interrupted() true; a second one ends the program at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

bool interrupted();
/// The same, for work that knows nothing of signals.
const std::atomic<bool>& interrupt_flag();

inline constexpr int interrupted_exit_code = 130;

}  // namespace trainbudget::cli
