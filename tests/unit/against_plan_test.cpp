// A run beside its plan, in words: what differs by how much, and what is as planned.
#include "render/against_plan.h"

#include "catch.h"

using namespace trainbudget;
using namespace trainbudget::render;

namespace {

constexpr double day = 86400.0;

}  // namespace

TEST_CASE("a run later and dearer than its plan says by how much") {
  CHECK(against_text({.behind_seconds = 10.0 * day,
                      .final_behind_seconds = 30.0 * day,
                      .over_usd = 4000.0,
                      .final_over_usd = 12000.0}) ==
        "against the plan: 10 days behind, $4,000 over; in the end 30 days later, $12,000 more than its P50");
  CHECK(against_text({.behind_seconds = -10.0 * day, .final_behind_seconds = -30.0 * day}) ==
        "against the plan: 10 days ahead; in the end 30 days earlier than its P50");
}

TEST_CASE("a run that is on its plan is neither above nor below it by nothing") {
  CHECK(against_text({.over_usd = 0.0, .final_over_usd = 0.0}) ==
        "against the plan: on time, on budget; in the end the time and the bill of its P50");
  // A commitment that is paid whether used or not: later, for the same money, but for rounding.
  CHECK(against_text(
            {.behind_seconds = 10.0 * day, .final_behind_seconds = 30.0 * day, .final_over_usd = 1e-9}) ==
        "against the plan: 10 days behind; in the end 30 days later than its P50, the bill of its P50");
  CHECK(against_text({.final_over_usd = -12.5}) ==
        "against the plan: on time; in the end $12.50 less than its P50, the time of its P50");
}
