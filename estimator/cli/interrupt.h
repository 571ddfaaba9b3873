// Ctrl-C that keeps what is done.
#pragma once

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

inline constexpr int interrupted_exit_code = 130;

}  // namespace trainbudget::cli
