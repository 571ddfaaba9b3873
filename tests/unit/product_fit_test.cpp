// How the rate of products falls with size, found again in products that were made by the formula.
#include "calibration/product_fit.h"

#include "catch.h"

#include <cmath>
#include <vector>

using namespace trainbudget;

namespace {

/// `fraction` of a peak of 1 FLOP/s and a fall of `d`; memory of `rate` elements a second.
MeasuredProduct made(double m, double n, double k, double fraction, double d, double rate) {
  const double ideal = 2.0 * m * n * k;
  const double arithmetic = ideal / fraction * (1.0 + d / m + d / n + d / k);
  const double traffic = (m * k + n * k + m * n) / rate;
  return {.m = m,
          .n = n,
          .k = k,
          .ideal_seconds = ideal,
          .traffic_seconds = traffic,
          .seconds = std::pow(std::pow(arithmetic, 4.0) + std::pow(traffic, 4.0), 0.25)};
}

std::vector<MeasuredProduct> of_a_model(double fraction, double d, double rate) {
  std::vector<MeasuredProduct> products;
  for (const double width : {1024.0, 2048.0, 4096.0}) {
    products.push_back(made(32768.0, width, width, fraction, d, rate));
    products.push_back(made(32768.0, 4.0 * width, width, fraction, d, rate));
    products.push_back(made(width, width, 32768.0, fraction, d, rate));
  }
  return products;
}

}  // namespace

TEST_CASE("fraction and fall of products are found under the corner of the roofline") {
  // At 0.005 elements a FLOP the traffic of the smallest is a third of their time.
  for (const double rate : {1.0, 0.005}) {
    for (const double d : {20.0, 200.0}) {
      const auto fit = fit_products(of_a_model(0.8, d, rate));
      REQUIRE(fit);
      CHECK(fit->fraction_of_peak.p50 == Approx(0.8).epsilon(0.01));
      CHECK(fit->half_dimension.p50 == Approx(d).epsilon(0.04));
      CHECK(fit->half_dimension.p10 <= fit->half_dimension.p50);
      CHECK(fit->half_dimension.p90 >= fit->half_dimension.p50);
    }
  }
}

TEST_CASE("products that memory bounds do not bend the fit") {
  std::vector<MeasuredProduct> products = of_a_model(0.8, 20.0, 0.005);
  for (const double rank : {32.0, 64.0, 96.0, 128.0}) {
    for (const double width : {2048.0, 4096.0}) {
      // Such products reach a third of what memory would let them.
      MeasuredProduct low = made(32768.0, rank, width, 0.8, 20.0, 0.005);
      low.seconds = 1.5 * low.traffic_seconds;
      products.push_back(low);
    }
  }
  const auto fit = fit_products(products);
  REQUIRE(fit);
  CHECK(fit->half_dimension.p50 == Approx(20.0).epsilon(0.04));
}

TEST_CASE("one odd shape does not move the fit of many") {
  std::vector<MeasuredProduct> products = of_a_model(0.8, 40.0, 1.0);
  products[4].seconds *= 1.6;
  const auto fit = fit_products(products);
  REQUIRE(fit);
  CHECK(fit->fraction_of_peak.p50 == Approx(0.8).epsilon(0.01));
  CHECK(fit->half_dimension.p50 == Approx(40.0).epsilon(0.04));
}

TEST_CASE("too few products, or all of one size, tell no fall") {
  std::vector<MeasuredProduct> products = of_a_model(0.8, 40.0, 1.0);
  CHECK_FALSE(fit_products({}));
  CHECK_FALSE(fit_products({products.data(), 2}));
  const std::vector<MeasuredProduct> alike(5, products[0]);
  CHECK_FALSE(fit_products(alike));
}

TEST_CASE("an endless product leaves out its bytes and its size") {
  const MeasuredProduct product = made(4096.0, 4096.0, 4096.0, 0.7, 80.0, 0.005);
  CHECK(fraction_of_endless(product, 80.0).value() == Approx(0.7));
  MeasuredProduct bound = product;
  bound.traffic_seconds = 0.6 * bound.seconds;
  CHECK_FALSE(fraction_of_endless(bound, 80.0));
}
