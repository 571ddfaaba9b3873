#include "render/number_text.h"

#include "catch.h"

using namespace trainbudget;
using namespace trainbudget::render;

TEST_CASE("numbers as people read them") {
  CHECK(number_text(2.52e22, Unit::flops) == "2.52e+22 FLOP");
  CHECK(number_text(312e12, Unit::flops_per_second) == "312 TFLOP/s");
  CHECK(number_text(44871.79, Unit::gpu_hours) == "44,872 GPU-hours");
  CHECK(number_text(3.14159, Unit::gpu_hours) == "3.14 GPU-hours");
  CHECK(number_text(35448.7, Unit::usd) == "$35,449");
  CHECK(number_text(12.5, Unit::usd) == "$12.50");
  CHECK(number_text(0.79, Unit::usd_per_gpu_hour) == "$0.79/h");
  CHECK(number_text(4.096, Unit::usd_per_gpu_hour) == "$4.096/h");
  CHECK(number_text(29.2134 * 86400.0, Unit::seconds) == "29.2 days");
  CHECK(number_text(5400.0, Unit::seconds) == "90 min");
  CHECK(number_text(0.016, Unit::seconds) == "16 ms");
  CHECK(number_text(0.16007, Unit::fraction) == "16.0 %");
  CHECK(number_text(14e9, Unit::count) == "14 B");
  CHECK(number_text(14148597760.0, Unit::count) == "14.15 B");
  CHECK(number_text(300e9, Unit::tokens) == "300 B tokens");
  CHECK(number_text(64.0, Unit::count) == "64");
  CHECK(number_text(3.6e9, Unit::joules) == "1 MWh");
  CHECK(number_text(80e9, Unit::bytes) == "80 GB");
}

TEST_CASE("groups of three digits") {
  CHECK(grouped(999.0) == "999");
  CHECK(grouped(1000.0) == "1,000");
  CHECK(grouped(1234567.891, 1) == "1,234,567.9");
}

TEST_CASE("significant digits without an exponent or trailing zeros") {
  CHECK(significant(0.0, 3) == "0");
  CHECK(significant(29.2134, 3) == "29.2");
  CHECK(significant(1500.0, 3) == "1500");
  CHECK(significant(0.00012345, 3) == "0.000123");
}

TEST_CASE("a range is shown by its ends, an exact value once") {
  CHECK(range_text(exactly(0.5), Unit::fraction) == "50.0 %");
  CHECK(range_text({0.4, 0.5, 0.6}, Unit::fraction) == "40.0 % – 60.0 %");
}
