// What a plan chooses from: the sizes of every family, and the offers of the list.
#include "planner/space.h"

#include "catch.h"
#include "io/model_family.h"
#include "io/price_table.h"
#include "io/profile_names.h"
#include "planner/offers.h"
#include "requests.h"
#include "support/process.h"

#include <algorithm>
#include <map>
#include <string>

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

TEST_CASE("the cheapest current offer of each provider is looked up by a plan, at that price") {
  Offers offers(cheapest_7b(60), folder());
  const auto list = io::read_price_table(folder().path("prices/prices.csv"));
  int providers = 0;
  for (const std::string& accelerator : folder().names(io::accelerator_profiles)) {
    OfferQuery query = offers.query();
    query.accelerator = accelerator;
    std::map<std::string, double> cheapest;
    for (const Offer* offer : comparable_offers(current_offers(list, query), query.as_of))
      cheapest.emplace(offer->provider, offer->price.value);
    std::map<std::string, double> found;
    for (const auto& [offer, exact] : offers.of(accelerator))
      found.emplace(offer->provider, offer->price.value);
    CAPTURE(accelerator);
    CHECK(found == cheapest);
    providers += static_cast<int>(found.size());
  }
  CHECK(providers > 100);
}

TEST_CASE("an offer without a size is one server at most, unless its provider lists whole ones") {
  const testing::TemporaryFolder files;
  const auto most = [&](const std::string& rows) {
    Request asked = request({{"gpu", "v100-sxm-16gb"}, {"as_of", "2026-08-21"}});
    put(asked.document, "prices",
        files.write("prices.csv",
                    "accelerator,provider,pricing,usd_per_gpu_hour,instance,gpus_per_instance,region,as_of,"
                    "date_precision,quality,source,note\n" +
                        rows));
    asked.limits.budget_usd = 1e5;
    const io::ProfileFolder profiles(TRAINBUDGET_PROFILES_DIR);
    double gpus = 0.0;
    for (const Candidate& candidate : make_space(asked, profiles).candidates)
      gpus = std::max(gpus, candidate.gpus);
    return gpus;
  };
  const std::string unsized = "v100-sxm-16gb,verda,on_demand,0.17,,,,2026-08-06,stated,B,test,\n";
  const std::string old = "v100-sxm-16gb,verda,on_demand,0.2,x,";
  CHECK(most(unsized) == 8.0);
  CHECK(most(unsized + old + "1,,2026-05-01,stated,A,test,\n") == 8.0);
  CHECK(most(unsized + old + "8,,2026-05-01,stated,A,test,\n") == 1024.0);
}

TEST_CASE("a budget alone is not told to rent hundreds of what is listed by the piece") {
  Request asked = request({{"as_of", "2026-08-21"}});
  asked.limits.budget_usd = 1e5;
  const Plan plan = make_plan(asked, folder());
  REQUIRE(plan.winner);
  CHECK(plan.winner->accelerator != "v100-sxm-16gb");
}
