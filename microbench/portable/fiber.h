// A stack of its own that runs until it yields. Sanitizers are told of each switch, else they take it for
// corruption.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <setjmp.h>
#include <ucontext.h>

namespace trainbudget::microbench {

class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Prepares `body` to start at the next resume(). The fiber must not be suspended inside another body.
  void start(std::function<void()> body);
  /// Runs until the body yields or returns.
  void resume();
  /// Called from inside the body: returns to resume().
  void yield();
  bool finished() const { return finished_; }

 private:
  static void enter(unsigned high, unsigned low);
  void run_body();
  void leave();

  std::unique_ptr<std::byte[]> stack_;
  std::function<void()> body_;
  ucontext_t inside_{};
  [[maybe_unused]] ucontext_t outside_{};
  [[maybe_unused]] jmp_buf inside_jump_, outside_jump_;
  bool started_ = false;
  bool finished_ = true;
  // What the sanitizers keep for each side of a switch.
  [[maybe_unused]] void* inside_shadow_ = nullptr;
  [[maybe_unused]] void* outside_shadow_ = nullptr;
  [[maybe_unused]] const void* outside_stack_ = nullptr;
  [[maybe_unused]] std::size_t outside_size_ = 0;
};

}  // namespace trainbudget::microbench
