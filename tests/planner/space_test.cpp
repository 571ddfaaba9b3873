// What a plan chooses from: the sizes of every family, and the offers of the list.
#include "planner/space.h"

#include "catch.h"
#include "io/model_family.h"
#include "requests.h"

using namespace trainbudget;
using namespace trainbudget::planner;

TEST_CASE("every family that is listed has sizes to choose from, each of them a model") {
  for (const auto& [family, count] : io::all_families(folder())) {
    CAPTURE(family);
    Request asked = family_on_h100(1e4);
    asked.family = family;
    Space space;
    REQUIRE_NOTHROW(space = make_space(asked, folder()));
    CHECK_FALSE(space.sizes.empty());
    for (const Size& size : space.sizes)
      CHECK(size.parameters > 0.0);
  }
}
