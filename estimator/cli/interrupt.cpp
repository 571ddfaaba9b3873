#include "cli/interrupt.h"

#include <csignal>
#include <ctime>

namespace trainbudget::cli {
namespace {

std::atomic<bool> was_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

std::atomic<long> first_second{0};
static_assert(std::atomic<long>::is_always_lock_free, "set in a signal handler");

/// Who asks again a second later does not want to wait. At once is not again: timeout(1) signals a program
/// and then its process group.
void note_interrupt(int signal) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (!was_interrupted) {
    first_second = now.tv_sec;
    was_interrupted = true;
  } else if (now.tv_sec - first_second > 1) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  was_interrupted = false;
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool interrupted() {
  return was_interrupted;
}

const std::atomic<bool>& interrupt_flag() {
  return was_interrupted;
}

}  // namespace trainbudget::cli
