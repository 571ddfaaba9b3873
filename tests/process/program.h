// The program as the process tests run it, and what all of them ask of a refusal.
#pragma once

#include "catch.h"
#include "support/process.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace trainbudget::testing {

// A sanitizer reserves terabytes of address space and keeps freed memory: limits say nothing there.
#ifdef TRAINBUDGET_SANITIZED
inline constexpr bool memory_is_limited = false;
#else
inline constexpr bool memory_is_limited = true;
#endif
#if defined(__SANITIZE_THREAD__)
inline constexpr int slower = 10;  // than without ThreadSanitizer
#else
inline constexpr int slower = 1;
#endif
inline constexpr std::size_t megabyte = std::size_t{1} << 20;

inline const std::string scenario =
    "params: 14B\ntokens: 300B\ngpu: a100-sxm-80gb\ngpus: 64\nefficiency: 50%\nprice: $0.79/h\n";

inline Command program(std::vector<std::string> arguments) {
  Command command;
  command.arguments = std::move(arguments);
  command.arguments.insert(command.arguments.begin(), TRAINBUDGET_PROGRAM);
  command.timeout = slower * std::chrono::seconds(30);
  if (memory_is_limited) command.address_space_bytes = 256 * megabyte;
  return command;
}

/// Bad input: exit code 2, a message, nothing on standard output, in little time and memory.
inline void check_refused(const Command& command, const std::string& message) {
  const Outcome outcome = run(command);
  CHECK_FALSE(outcome.timed_out);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, ContainsSubstring(message));
  CHECK(outcome.err.size() < 2000);
  if (memory_is_limited) CHECK(outcome.peak_memory_bytes < 64 * megabyte);
}

}  // namespace trainbudget::testing
