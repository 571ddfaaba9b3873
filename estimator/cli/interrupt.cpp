#include "cli/interrupt.h"

#include <csignal>

namespace trainbudget::cli {
namespace {

std::atomic<bool> was_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

void note_interrupt(int signal) {
  was_interrupted = true;
  std::signal(signal, SIG_DFL);
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
