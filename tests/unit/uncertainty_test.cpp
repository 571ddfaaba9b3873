#include "core/uncertainty.h"

#include "catch.h"

#include <cmath>

using namespace trainbudget;

TEST_CASE("exact factors scale a range without widening it") {
  const Range r{1.0, 2.0, 8.0};
  CHECK(product(r, exactly(3.0)) == Range{3.0, 6.0, 24.0});
  CHECK(quotient(r, exactly(2.0)) == Range{0.5, 1.0, 4.0});
}

TEST_CASE("relative widths of independent factors add in quadrature") {
  // ln 2 on either side of both: the product has √2·ln 2.
  const Range r{0.5, 1.0, 2.0};
  const Range p = product(r, r);
  CHECK(p.p50 == 1.0);
  CHECK(p.p90 == Approx(std::exp(std::sqrt(2.0) * std::log(2.0))));
  CHECK(p.p10 == Approx(1.0 / p.p90));
}

TEST_CASE("a reciprocal swaps the ends") {
  CHECK(reciprocal({1.0, 2.0, 4.0}) == Range{0.25, 0.5, 1.0});
}

TEST_CASE("distances of a sum add in quadrature") {
  const Range s = sum({7.0, 10.0, 14.0}, {16.0, 20.0, 23.0});
  CHECK(s.p50 == 30.0);
  CHECK(s.p10 == 25.0);
  CHECK(s.p90 == 35.0);
}
