// Interpolation over B·H and T, by hand.
#include "core/wkv_time.h"

#include "catch.h"

using namespace trainbudget;

namespace {

/// 100 heads at once. 1 ms up to half of that, then 2 ms a wave at T = 1000; at T = 3000 three times as much.
WkvTable table() {
  WkvTable table{
      .kernel = "wkv7_forward", .accelerator = "h100-sxm-80gb", .head_size = 64.0, .resident_heads = 100.0};
  for (const double sequence : {1000.0, 3000.0}) {
    const double scale = 1e-3 * sequence / 1000.0;
    table.points.push_back({.heads = 50.0, .sequence = sequence, .seconds = scale});
    table.points.push_back({.heads = 100.0, .sequence = sequence, .seconds = 2.0 * scale});
    table.points.push_back({.heads = 400.0, .sequence = sequence, .seconds = 8.0 * scale});
  }
  return table;
}

WkvTime at(double heads, double sequence, const char* accelerator = "h100-sxm-80gb") {
  return wkv_time(table(), heads, sequence, accelerator);
}

}  // namespace

TEST_CASE("a measured point is returned as it was measured") {
  CHECK(at(50.0, 1000.0).seconds == 1e-3);
  CHECK(at(100.0, 3000.0).seconds == 6e-3);
  CHECK(at(400.0, 1000.0).seconds == 8e-3);
  CHECK(at(400.0, 1000.0).beyond.empty());
}

TEST_CASE("within a wave time is linear in heads, along T it is linear in tokens") {
  CHECK(at(75.0, 1000.0).seconds == Approx(1.5e-3));
  CHECK(at(50.0, 2000.0).seconds == Approx(2e-3));
  CHECK(at(75.0, 2500.0).seconds == Approx(3.75e-3));
  CHECK(at(75.0, 2500.0).beyond.empty());
  CHECK(at(75.0, 2500.0).waves == 1.0);
}

TEST_CASE("across waves time steps with the wave") {
  // From 1 wave (2 ms) to 4 (8 ms): 2 ms for each more, whether it is full or not.
  CHECK(at(101.0, 1000.0).seconds == Approx(4e-3));
  CHECK(at(200.0, 1000.0).seconds == Approx(4e-3));
  CHECK(at(201.0, 1000.0).seconds == Approx(6e-3));
  CHECK(at(201.0, 1000.0).waves == 3.0);
}

TEST_CASE("without the number of resident heads time is linear between points") {
  WkvTable unknown = table();
  unknown.resident_heads = 0.0;
  CHECK(wkv_time(unknown, 250.0, 1000.0, "h100-sxm-80gb").seconds == Approx(5e-3));
  CHECK(wkv_time(unknown, 800.0, 1000.0, "h100-sxm-80gb").seconds == Approx(16e-3));
  CHECK(wkv_time(unknown, 250.0, 1000.0, "h100-sxm-80gb").waves == 0.0);
}

TEST_CASE("extrapolation is never silent") {
  const WkvTime few = at(10.0, 1000.0);
  CHECK(few.seconds == 1e-3);  // a head is not faster for being alone
  CHECK(few.beyond == "B·H 10 is beyond the measured 50 to 400");
  const WkvTime many = at(801.0, 1000.0);
  CHECK(many.seconds == Approx(18e-3));  // 9 waves
  CHECK(many.beyond == "B·H 801 is beyond the measured 50 to 400");
  const WkvTime brief = at(100.0, 500.0);
  CHECK(brief.seconds == Approx(1e-3));
  CHECK(brief.beyond == "T 500 is beyond the measured 1000 to 3000");
  const WkvTime lengthy = at(100.0, 30000.0);
  CHECK(lengthy.seconds == Approx(60e-3));
  CHECK(lengthy.beyond == "T 30000 is beyond the measured 1000 to 3000");
  CHECK(at(100.0, 1000.0, "a100-sxm-80gb").beyond == "measured on h100-sxm-80gb, not on a100-sxm-80gb");
  CHECK(at(1.0, 1.0, "a100-sxm-80gb").beyond.find("; T 1 ") != std::string::npos);
}

TEST_CASE("a row that ends early is left out where it does not reach") {
  WkvTable ragged = table();
  ragged.points.push_back({.heads = 50.0, .sequence = 2000.0, .seconds = 10.0});  // absurd, and alone
  ragged.points.push_back({.heads = 60.0, .sequence = 2000.0, .seconds = 10.0});
  CHECK(wkv_time(ragged, 100.0, 2000.0, "h100-sxm-80gb").seconds == Approx(4e-3));
  CHECK(wkv_time(ragged, 55.0, 2000.0, "h100-sxm-80gb").seconds == Approx(10.0));
}

TEST_CASE("the sweet spot has the most heads and tokens a second") {
  WkvTable best = table();
  best.points.push_back({.heads = 90.0, .sequence = 1000.0, .seconds = 1.1e-3});
  CHECK(sweet_spot(best).heads == 90.0);
}
