#include "core/uncertainty.h"

#include "catch.h"
#include "core/quantile.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

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

namespace {

/// P10, P50 and P90 of what `draw` gives, 400,001 times.
template <class Draw>
Range drawn(Draw draw) {
  std::mt19937_64 engine(7);
  std::vector<double> values(400'001);
  for (double& value : values)
    value = draw(engine);
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.1), quantile(values, 0.5), quantile(values, 0.9)};
}

/// Half of a log-normal on either side of the median.
double one_of(Range r, std::mt19937_64& engine) {
  const double z = std::normal_distribution<double>()(engine);
  return r.p50 * std::pow(z < 0.0 ? r.p50 / r.p10 : r.p90 / r.p50, z / p90_deviations);
}

}  // namespace

TEST_CASE("skewed ranges are combined near to what drawing them gives, which the product of medians is not") {
  const Range utilization{0.22, 0.37, 0.42};
  const Range kept{0.5, 0.8, 0.89};
  const Range price{1.9, 2.0, 6.3};
  struct Case {
    std::vector<Range> factors;
    double median, ends;  ///< how far the logarithms may be off
  };
  for (const Case& known :
       std::vector<Case>{{{{0.33, 0.39, 0.41}, {0.64, 0.94, 1.38}, {0.6, 0.89, 0.95}}, 0.02, 0.02},
                         {{utilization, kept}, 0.055, 0.025},
                         {{utilization, kept, {0.3, 0.7, 0.9}}, 0.075, 0.04},
                         {{price, reciprocal(utilization)}, 0.12, 0.04},
                         {{price, price, price}, 0.15, 0.13},
                         {{{0.5, 1.0, 2.0}, {0.1, 1.0, 1.1}}, 0.21, 0.08}}) {
    Range predicted = exactly(1.0);
    double medians = 1.0;
    for (const Range& factor : known.factors) {
      predicted = combined(predicted, factor);
      medians *= factor.p50;
    }
    const Range found = drawn([&](std::mt19937_64& engine) {
      double value = 1.0;
      for (const Range& factor : known.factors)
        value *= one_of(factor, engine);
      return value;
    });
    CAPTURE(predicted.p10, predicted.p50, predicted.p90, found.p10, found.p50, found.p90);
    CHECK(std::abs(std::log(predicted.p50 / found.p50)) < known.median);
    CHECK(std::abs(std::log(predicted.p50 / found.p50)) < 0.5 * std::abs(std::log(medians / found.p50)));
    CHECK(std::abs(std::log(predicted.p10 / found.p10)) < known.ends);
    CHECK(std::abs(std::log(predicted.p90 / found.p90)) < known.ends);
  }
}

TEST_CASE("what is combined may come in any order, and what is exact changes nothing else") {
  const Range a{0.2, 0.5, 0.55};
  const Range b{1.0, 2.0, 7.0};
  const Range c{3.0, 4.0, 5.0};
  const Range left = combined(combined(a, b), c);
  const Range right = combined(a, combined(c, b));
  CHECK(left.p10 == Approx(right.p10));
  CHECK(left.p50 == Approx(right.p50));
  CHECK(left.p90 == Approx(right.p90));
  CHECK(left.p10 < left.p50);
  CHECK(left.p50 < left.p90);
  CHECK(combined(combined(b, exactly(2.0)), exactly(0.5)) == b);
  // Alike on both sides, it is the product.
  const Range even{0.5, 1.0, 2.0};
  CHECK(combined(even, c * 0.25).p50 == Approx(combined(c * 0.25, even).p50));
  CHECK(combined(even, even).p50 == Approx(1.0));
  CHECK(combined(even, even).p90 == Approx(product(even, even).p90));
  CHECK(combined({0.0, 1.0, 2.0}, b) == product({0.0, 1.0, 2.0}, b));
}

TEST_CASE("the median of what is combined is at least the share that its factors leave") {
  const std::vector<Range> ranges{{0.2, 0.5, 0.55},    {1.0, 2.0, 7.0}, {3.0, 4.0, 5.0}, {0.01, 1.0, 1.001},
                                  {0.999, 1.0, 100.0}, {1.0, 1.0, 2.0}, {0.5, 1.0, 1.0}};
  for (const Range& a : ranges) {
    CHECK(least_median_share(a) <= 1.0);
    for (const Range& b : ranges) {
      for (const Range& c : ranges) {
        const double least =
            a.p50 * b.p50 * c.p50 * least_median_share(a) * least_median_share(b) * least_median_share(c);
        CHECK(combined(combined(a, b), c).p50 >= least * (1.0 - 1e-9));
      }
    }
  }
}
