// One header for Catch2 2.13 (Debian 12, Ubuntu 22.04) and 3 (later releases).
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
inline auto ContainsSubstring(const std::string& text) {
  return Catch::Matchers::Contains(text);
}
// Catch2 3 has another matcher of that name, so a test that takes it would not build there.
#pragma GCC poison Contains
#endif
