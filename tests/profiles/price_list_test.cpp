// The price list as it is: every row is read, refers to something known, and looks like a price.
#include "catch.h"
#include "core/price_drift.h"
#include "io/price_drift_file.h"
#include "io/price_search.h"
#include "io/price_table.h"
#include "io/scenario_file.h"
#include "io/yaml_node.h"
#include "profiles.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

using namespace trainbudget;

namespace {

const std::vector<Offer>& price_list() {
  static const std::vector<Offer> list = io::read_price_table(profiles::folder().path("prices/prices.csv"));
  return list;
}

double dollars(const Offer& offer) {
  return offer.price.value * seconds_per_hour;
}

}  // namespace

TEST_CASE("the price list has 1,897 rows with a source each") {
  CHECK(price_list().size() == 1897);
  for (const Offer& offer : price_list()) {
    INFO(offer.accelerator << ", " << offer.provider << ", " << io::date_text(offer.as_of));
    CHECK_FALSE(offer.source.empty());
    CHECK(dollars(offer) >= 0.05);
    CHECK(dollars(offer) <= 60.0);
    CHECK(offer.as_of.first >= Date{2017, 1, 1});
    CHECK(offer.as_of.last <= Date{2026, 8, 31});
    CHECK(offer.gpus_per_instance <= 16);
  }
}

TEST_CASE("every price is of a known accelerator, or of one of three without a profile") {
  const auto known = profiles::folder().names("accelerators");
  const std::set<std::string> without_profile = {"gaudi1-hl205", "k80", "p100"};
  std::set<std::string> unknown;
  std::set<std::string> all;
  for (const Offer& offer : price_list()) {
    all.insert(offer.accelerator);
    if (!std::binary_search(known.begin(), known.end(), offer.accelerator)) unknown.insert(offer.accelerator);
  }
  CHECK(unknown == without_profile);
  CHECK(all.size() == 41);
}

TEST_CASE("spot dearer than on-demand in the same list is marked as suspect") {
  using Place = std::tuple<std::string, std::string, std::string, std::string, Date, std::string>;
  std::map<Place, std::pair<const Offer*, const Offer*>> places;  // cheapest spot, dearest on-demand
  for (const Offer& offer : price_list()) {
    auto& [spot, on_demand] = places[{offer.accelerator, offer.provider, offer.instance, offer.region,
                                      offer.as_of.last, offer.source}];
    if (offer.pricing == PricingModel::spot && (spot == nullptr || offer.price < spot->price)) spot = &offer;
    if (offer.pricing == PricingModel::on_demand && (on_demand == nullptr || on_demand->price < offer.price))
      on_demand = &offer;
  }
  int compared = 0;
  for (const auto& [place, both] : places) {
    const auto& [spot, on_demand] = both;
    if (spot == nullptr || on_demand == nullptr) continue;
    ++compared;
    if (spot->price <= on_demand->price) continue;
    INFO(spot->accelerator << ", " << spot->provider);
    CHECK_FALSE(is_trusted(spot->quality));
    CHECK_FALSE(is_trusted(on_demand->quality));
  }
  CHECK(compared > 100);
}

TEST_CASE("the two prices of the worked example are quoted, not offered") {
  std::vector<const Offer*> quoted;
  for (const Offer& offer : price_list()) {
    if (offer.quality == PriceQuality::quoted) quoted.push_back(&offer);
  }
  REQUIRE(quoted.size() == 2);
  for (const Offer* offer : quoted) {
    CHECK(offer->provider == "worked-example");
    CHECK(offer->source.find("quote") != std::string::npos);
  }
  CHECK(dollars(*quoted[0]) == Approx(0.79));
  CHECK(quoted[0]->note.find("in no stored version of that list") != std::string::npos);
  CHECK(dollars(*quoted[1]) == Approx(4.096));

  const OfferQuery query{.accelerator = "a100-sxm-40gb", .as_of = {2025, 4, 30}};
  const auto current = current_offers(price_list(), query);
  CHECK(std::count(current.begin(), current.end(), quoted[0]) == 1);
  const auto comparable = comparable_offers(current, query.as_of);
  CHECK(std::count(comparable.begin(), comparable.end(), quoted[0]) == 0);
}

TEST_CASE("AWS cut the price of its A100 nodes in June 2025") {
  OfferQuery query{.accelerator = "a100-sxm-40gb",
                   .provider = "aws",
                   .pricing = PricingModel::on_demand,
                   .region = "us-east-1",
                   .as_of = {2025, 4, 29}};
  const auto price = [&] {
    return dollars(*choose(current_offers(price_list(), query), OfferChoice::cheapest, query.as_of));
  };
  CHECK(price() == Approx(32.7726 / 8));
  query.as_of = {2025, 7, 1};
  CHECK(price() == Approx(21.9576 / 8).epsilon(1e-4));
}

TEST_CASE("a question without an answer is told what there is") {
  OfferQuery query{.accelerator = "gb300", .pricing = PricingModel::reserved_1y, .as_of = {2026, 9, 1}};
  CHECK(io::query_text(query) == "gb300, reserved_1y, as of 2026-09-01");
  CHECK(io::what_exists(price_list(), query) == "there is: oci on_demand, verda on_demand, verda spot");
  query.as_of = {2020, 1, 1};
  CHECK(io::what_exists(price_list(), query) == "the first price of gb300 in the list is of 2026-07-31");
  query.accelerator = "tpu-v7x";
  CHECK(io::what_exists(price_list(), query) == "the list has no price of tpu-v7x; give one: --price '$2/h'");
}

TEST_CASE("dates of prices: a day, a month, a range, and nothing else") {
  const PriceDate month = io::parse_price_date("2024-02", {});
  CHECK(month.first == Date{2024, 2, 1});
  CHECK(month.last == Date{2024, 2, 29});
  CHECK(io::date_text(month) == "2024-02");
  const PriceDate range = io::parse_price_date("2022-08..2025-03", {});
  CHECK(range.first == Date{2022, 8, 1});
  CHECK(range.last == Date{2025, 3, 31});
  CHECK(io::date_text(range) == "2022-08-01..2025-03-31");
  for (const char* bad :
       {"", "2024", "2024-13", "2023-02-29", "2024-1-1", "2025-01..2024-01", "x..2024-01", "24-01-01"}) {
    INFO(bad);
    CHECK_THROWS_AS(io::parse_price_date(bad, {}), io::InputError);
  }
}

TEST_CASE("how fast prices move is what the list says, and assumed where it says nothing") {
  const io::PriceVolatilities known =
      io::read_price_volatilities(profiles::folder().path("prices/drift.yaml"));
  for (const PricingModel pricing : all_pricing_models) {
    INFO(name_of(pricing));
    const Sourced<double>& given = known.at(pricing);
    const auto computed = price_volatility(price_list(), pricing);
    CHECK((given.provenance.origin == Origin::fitted) == computed.has_value());
    if (!computed) continue;
    CHECK(given.value == Approx(computed->value).margin(0.0005));
    CHECK(given.provenance.note.find(std::to_string(computed->series) + " series") == 0);
    CHECK(given.provenance.note.find(std::to_string(computed->moved) + " of which moved") !=
          std::string::npos);
  }
}

TEST_CASE("the price of more than one server tells how many providers list none") {
  const auto warnings = [](const std::string& hardware, const std::string& price) {
    const Scenario scenario = io::read_scenario(
        io::parse_yaml("params: 14B\ntokens: 300B\nefficiency: 40%..50%\n" + hardware + price, "s.yaml"),
        profiles::folder());
    return std::count_if(scenario.warnings.begin(), scenario.warnings.end(), [](const std::string& warning) {
      return warning.find("list no server of 8 accelerators; price.gpus_per_instance=8 asks the others") !=
             std::string::npos;
    });
  };
  const std::string many = "gpu: h100-sxm-80gb\ngpus: 64\n";
  CHECK(warnings(many, "") == 1);
  CHECK(warnings("gpu: h100-sxm-80gb\ngpus: 8\n", "") == 0);
  CHECK(warnings(many, "price: {gpus_per_instance: 8}\n") == 0);
  CHECK(warnings(many, "price: $2/h\n") == 0);
  CHECK(warnings(many, "price: {choose: cheapest}\n") == 0);
  CHECK(warnings("gpu: tpu-v5p\ngpus: 64\n", "") == 0);
}
