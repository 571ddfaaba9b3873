#include "cli/interrupt.h"

#include <csignal>

namespace trainbudget::cli {
namespace {

volatile std::sig_atomic_t was_interrupted = 0;

void note_interrupt(int signal) {
  was_interrupted = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  was_interrupted = 0;
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool interrupted() {
  return was_interrupted != 0;
}

}  // namespace trainbudget::cli
