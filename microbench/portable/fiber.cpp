#include "portable/fiber.h"

#include <cstdint>
#include <utility>

#if defined(__has_feature)
#define TB_HAS_FEATURE(feature) __has_feature(feature)
#else
#define TB_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || TB_HAS_FEATURE(address_sanitizer)
#define TB_ADDRESS_SANITIZER 1
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__) || TB_HAS_FEATURE(thread_sanitizer)
#define TB_THREAD_SANITIZER 1
#include <sanitizer/tsan_interface.h>
#endif

// swapcontext asks the kernel for the signal mask at each switch; a jump does not, and is fifteen times as
// fast. The sanitizers follow swapcontext only.
#if defined(TB_ADDRESS_SANITIZER) || defined(TB_THREAD_SANITIZER)
#define TB_SWITCH(from_context, to_context, from_jump, to_jump) swapcontext(&(from_context), &(to_context))
#else
#define TB_SWITCH(from_context, to_context, from_jump, to_jump) \
  do {                                                          \
    if (_setjmp(from_jump) == 0) _longjmp(to_jump, 1);          \
  } while (false)
#endif

namespace trainbudget::microbench {

namespace {
// Kernels keep a few hundred floats on the stack; a sanitized build pads every one of them.
constexpr std::size_t stack_bytes = std::size_t{256} * 1024;
}  // namespace

Fiber::Fiber() : stack_(new std::byte[stack_bytes]) {
#if defined(TB_THREAD_SANITIZER)
  inside_shadow_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(TB_THREAD_SANITIZER)
  __tsan_destroy_fiber(inside_shadow_);
#endif
}

void Fiber::start(std::function<void()> body) {
  body_ = std::move(body);
  finished_ = false;
  started_ = false;
  getcontext(&inside_);
  inside_.uc_stack.ss_sp = stack_.get();
  inside_.uc_stack.ss_size = stack_bytes;
  inside_.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  // makecontext passes int arguments only, so the pointer travels in two halves.
  makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,  // NOLINT
              static_cast<unsigned>(static_cast<std::uint64_t>(self) >> 32), static_cast<unsigned>(self));
}

void Fiber::enter(unsigned high, unsigned low) {
  const auto self = static_cast<std::uintptr_t>((static_cast<std::uint64_t>(high) << 32) | low);
  reinterpret_cast<Fiber*>(self)->run_body();
}

void Fiber::run_body() {
#if defined(TB_ADDRESS_SANITIZER)
  __sanitizer_finish_switch_fiber(nullptr, &outside_stack_, &outside_size_);
#endif
  body_();
  finished_ = true;
  leave();
}

void Fiber::leave() {
#if defined(TB_ADDRESS_SANITIZER)
  __sanitizer_start_switch_fiber(nullptr, outside_stack_, outside_size_);
#endif
#if defined(TB_THREAD_SANITIZER)
  __tsan_switch_to_fiber(outside_shadow_, 0);
#endif
#if defined(TB_ADDRESS_SANITIZER) || defined(TB_THREAD_SANITIZER)
  setcontext(&outside_);
#else
  _longjmp(outside_jump_, 1);
#endif
}

void Fiber::resume() {
#if defined(TB_ADDRESS_SANITIZER)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, stack_.get(), stack_bytes);
#endif
#if defined(TB_THREAD_SANITIZER)
  outside_shadow_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(inside_shadow_, 0);
#endif
  if (started_) {
    TB_SWITCH(outside_, inside_, outside_jump_, inside_jump_);
  } else {
    started_ = true;
#if defined(TB_ADDRESS_SANITIZER) || defined(TB_THREAD_SANITIZER)
    swapcontext(&outside_, &inside_);
#else
    if (_setjmp(outside_jump_) == 0) setcontext(&inside_);
#endif
  }
#if defined(TB_ADDRESS_SANITIZER)
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

void Fiber::yield() {
#if defined(TB_ADDRESS_SANITIZER)
  __sanitizer_start_switch_fiber(&inside_shadow_, outside_stack_, outside_size_);
#endif
#if defined(TB_THREAD_SANITIZER)
  __tsan_switch_to_fiber(outside_shadow_, 0);
#endif
  TB_SWITCH(inside_, outside_, inside_jump_, outside_jump_);
#if defined(TB_ADDRESS_SANITIZER)
  __sanitizer_finish_switch_fiber(inside_shadow_, &outside_stack_, &outside_size_);
#endif
}

}  // namespace trainbudget::microbench
