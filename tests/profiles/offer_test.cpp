// Which price an estimate takes, worked by hand on a small list.
#include "core/offer.h"

#include "catch.h"

using namespace trainbudget;

namespace {

PriceDate on(Date day) {
  return {day, day};
}

Offer offer(std::string provider, double usd, Date day, PriceQuality quality = PriceQuality::a,
            std::string region = "us", PricingModel pricing = PricingModel::on_demand) {
  return {.accelerator = "h100",
          .provider = std::move(provider),
          .pricing = pricing,
          .price = usd_per_hour(usd),
          .region = std::move(region),
          .as_of = on(day),
          .quality = quality};
}

OfferQuery query(Date as_of) {
  return {.accelerator = "h100", .as_of = as_of};
}

std::vector<double> dollars(const std::vector<const Offer*>& offers) {
  std::vector<double> prices;
  for (const Offer* one : offers)
    prices.push_back(one->price.value * seconds_per_hour);
  return prices;
}

const Offer* chosen(const std::vector<Offer>& list, const OfferQuery& wanted, OfferChoice choice) {
  return choose(current_offers(list, wanted), choice, wanted.as_of);
}

}  // namespace

TEST_CASE("days between dates count leap days") {
  STATIC_REQUIRE(days_since_epoch({1970, 1, 1}) == 0);
  STATIC_REQUIRE(days_since_epoch({2000, 3, 1}) == 11017);
  STATIC_REQUIRE(days_between({2024, 2, 28}, {2024, 3, 1}) == 2);
  STATIC_REQUIRE(days_between({2025, 2, 28}, {2025, 3, 1}) == 1);
  STATIC_REQUIRE(days_between({2024, 6, 1}, {2023, 6, 1}) == -366);
  STATIC_REQUIRE(is_valid({2024, 2, 29}));
  STATIC_REQUIRE_FALSE(is_valid({1900, 2, 29}));
  STATIC_REQUIRE_FALSE(is_valid({2024, 13, 1}));
}

TEST_CASE("of each place the newest snapshot that was known counts") {
  const std::vector<Offer> list = {offer("aws", 12.29, {2023, 10, 9}), offer("aws", 6.88, {2025, 6, 23}),
                                   offer("lambda", 2.99, {2025, 1, 5}),
                                   offer("lambda", 3.29, {2025, 1, 5}, PriceQuality::a, "eu")};
  CHECK(dollars(current_offers(list, query({2025, 7, 1}))) == std::vector<double>{2.99, 3.29, 6.88});
  CHECK(dollars(current_offers(list, query({2025, 6, 22}))) == std::vector<double>{2.99, 3.29, 12.29});
  CHECK(current_offers(list, query({2023, 10, 8})).empty());
}

TEST_CASE("of equally new snapshots the better one stays, then the cheaper") {
  const std::vector<Offer> list = {offer("aws", 2.0, {2025, 1, 1}, PriceQuality::b),
                                   offer("aws", 4.0, {2025, 1, 1}), offer("aws", 3.0, {2025, 1, 1})};
  CHECK(dollars(current_offers(list, query({2025, 1, 1}))) == std::vector<double>{3.0});
}

TEST_CASE("a newer price of a wider or a narrower place replaces the older one") {
  const auto of = [](const char* old_place, const char* new_place, Date day) {
    const std::vector<Offer> list = {offer("aws", 8.0, {2026, 5, 8}, PriceQuality::a, old_place),
                                     offer("aws", 11.0, {2026, 6, 18}, PriceQuality::b, new_place)};
    return dollars(current_offers(list, query(day)));
  };
  const auto replaced = [&](const char* old_place, const char* new_place) {
    CHECK(of(old_place, new_place, {2026, 6, 17}) == std::vector<double>{8.0});
    return of(old_place, new_place, {2026, 6, 18}) == std::vector<double>{11.0};
  };
  for (const char* wide : {"", "global", "all", "us", "us-*", "US mostly", "us-east"}) {
    CAPTURE(wide);
    CHECK(replaced(wide, "us-east-1"));
    CHECK(replaced("us-east-1", wide));
  }
  CHECK(replaced("us-east", "us-east1"));
  CHECK_FALSE(replaced("us-east-1", "us-east-2"));
  CHECK_FALSE(replaced("us-east1", "us-east10"));
  CHECK_FALSE(replaced("us-*", "eu-west"));
  CHECK_FALSE(replaced("us", "useless"));
}

TEST_CASE(
    "prices of other instances, sizes and pricing models stand beside each other, as do those of a day") {
  const Offer old = offer("azure", 7.0, {2026, 5, 1}, PriceQuality::a, "global");
  const auto left = [](Offer before, Offer after, auto change) {
    change(before, after);
    return current_offers(std::vector<Offer>{before, after}, query({2026, 8, 1})).size();
  };
  const Offer newer = offer("azure", 11.0, {2026, 6, 1}, PriceQuality::b, "eastus");
  CHECK(left(old, newer, [](Offer&, Offer&) {}) == 1);
  CHECK(left(old, newer, [](Offer&, Offer& b) { b.as_of = on({2026, 5, 1}); }) == 2);
  CHECK(left(old, newer, [](Offer&, Offer& b) { b.pricing = PricingModel::spot; }) == 2);
  CHECK(left(old, newer, [](Offer&, Offer& b) { b.provider = "aws"; }) == 2);
  CHECK(left(old, newer, [](Offer&, Offer& b) { b.quality = PriceQuality::c; }) == 2);
  CHECK(left(old, newer, [](Offer& a, Offer& b) { a.instance = "is", b.instance = "isr"; }) == 2);
  CHECK(left(old, newer, [](Offer& a, Offer& b) { a.gpus_per_instance = 4, b.gpus_per_instance = 8; }) == 2);
  CHECK(left(old, newer, [](Offer&, Offer& b) { b.gpus_per_instance = 8; }) == 1);
  // "1" without the name of an instance is a price per accelerator.
  CHECK(left(old, newer, [](Offer& a, Offer& b) { a.gpus_per_instance = 1, b.gpus_per_instance = 8; }) == 1);
}

TEST_CASE("provider, pricing model and region narrow the list") {
  const std::vector<Offer> list = {offer("aws", 6.88, {2025, 1, 1}),
                                   offer("aws", 4.0, {2025, 1, 1}, PriceQuality::a, "us", PricingModel::spot),
                                   offer("aws", 8.0, {2025, 1, 1}, PriceQuality::a, "eu"),
                                   offer("gcp", 11.0, {2025, 1, 1})};
  OfferQuery wanted = query({2025, 2, 1});
  wanted.provider = "aws";
  CHECK(dollars(current_offers(list, wanted)) == std::vector<double>{4.0, 6.88, 8.0});
  wanted.pricing = PricingModel::on_demand;
  CHECK(dollars(current_offers(list, wanted)) == std::vector<double>{6.88, 8.0});
  wanted.region = "eu";
  CHECK(dollars(current_offers(list, wanted)) == std::vector<double>{8.0});
  wanted.accelerator = "a100";
  CHECK(current_offers(list, wanted).empty());
}

TEST_CASE("the cheapest and the median are offers that exist") {
  std::vector<Offer> list = {offer("a", 5.0, {2025, 1, 1}), offer("b", 1.0, {2025, 1, 1}),
                             offer("c", 3.0, {2025, 1, 1}), offer("d", 2.0, {2025, 1, 1})};
  CHECK(chosen(list, query({2025, 1, 2}), OfferChoice::cheapest)->provider == "b");
  CHECK(chosen(list, query({2025, 1, 2}), OfferChoice::median)->provider ==
        "d");  // 1 2 3 5: the lower middle
  list.push_back(offer("e", 9.0, {2025, 1, 1}));
  CHECK(chosen(list, query({2025, 1, 2}), OfferChoice::median)->provider == "c");
}

TEST_CASE("suspect and quoted prices are never chosen on their own") {
  const std::vector<Offer> list = {offer("a", 0.79, {2025, 1, 1}, PriceQuality::quoted),
                                   offer("b", 0.5, {2025, 1, 1}, PriceQuality::c),
                                   offer("c", 3.0, {2025, 1, 1}, PriceQuality::b)};
  CHECK(chosen(list, query({2025, 1, 2}), OfferChoice::cheapest)->provider == "c");
  CHECK(chosen({list[0], list[1]}, query({2025, 1, 2}), OfferChoice::cheapest) == nullptr);
}

TEST_CASE("a list that nobody updates does not compete with the market") {
  const std::vector<Offer> list = {offer("old", 1.0, {2022, 8, 26}), offer("new", 2.0, {2025, 1, 1})};
  CHECK(chosen(list, query({2025, 1, 2}), OfferChoice::cheapest)->provider == "new");
  // Where there is nothing younger, the old one is all there is.
  CHECK(chosen({list[0]}, query({2025, 1, 2}), OfferChoice::cheapest)->provider == "old");
}

TEST_CASE("a price of a month is not known before its last day and is as old as its first") {
  Offer monthly = offer("verda", 2.29, {2026, 5, 1});
  monthly.as_of = {{2026, 5, 1}, {2026, 5, 31}};
  const std::vector<Offer> list = {monthly};
  CHECK(current_offers(list, query({2026, 5, 30})).empty());
  CHECK(current_offers(list, query({2026, 5, 31})).size() == 1);
  CHECK(age_in_days(monthly, {2026, 5, 31}) == 30);
}

TEST_CASE("the order of the list does not matter") {
  std::vector<Offer> list = {offer("a", 2.0, {2025, 1, 1}), offer("b", 2.0, {2025, 1, 1}),
                             offer("c", 1.0, {2025, 1, 1})};
  const auto providers = [&] {
    std::string text;
    for (const Offer* one : current_offers(list, query({2025, 1, 1})))
      text += one->provider;
    return text;
  };
  CHECK(providers() == "cab");
  std::swap(list[0], list[1]);
  CHECK(providers() == "cab");
}

TEST_CASE("of equal prices the newest comes first, and of those the largest server") {
  std::vector<Offer> list = {offer("a", 2.0, {2025, 1, 1}), offer("b", 2.0, {2025, 3, 1}),
                             offer("c", 2.0, {2025, 3, 1}), offer("d", 2.0, {2025, 2, 1})};
  list[0].gpus_per_instance = list[2].gpus_per_instance = 8;
  list[1].gpus_per_instance = 1;
  std::string providers;
  for (const Offer* one : current_offers(list, query({2025, 6, 1})))
    providers += one->provider;
  CHECK(providers == "cbda");
}

TEST_CASE("the market is the cheapest price of each provider") {
  const std::vector<Offer> list = {offer("a", 2.0, {2025, 1, 1}, PriceQuality::a, "us"),
                                   offer("a", 9.0, {2025, 1, 1}, PriceQuality::a, "eu"),
                                   offer("b", 4.0, {2025, 1, 1})};
  const auto current = current_offers(list, query({2025, 1, 1}));
  const auto prices = prices_by_provider(current);
  REQUIRE(prices.size() == 2);
  const Range market = market_range(prices);
  CHECK(market.p10 == Approx(2.2));
  CHECK(market.p50 == Approx(3.0));
  CHECK(market.p90 == Approx(3.8));
}

TEST_CASE("offers can be asked for by the size of their instance") {
  std::vector<Offer> list = {offer("a", 1.0, {2025, 1, 1}), offer("b", 2.0, {2025, 1, 1}),
                             offer("c", 3.0, {2025, 1, 1})};
  list[0].gpus_per_instance = 1;
  list[1].gpus_per_instance = 8;  // c does not say
  OfferQuery wanted = query({2025, 6, 1});
  CHECK(dollars(current_offers(list, wanted)) == std::vector<double>{1.0, 2.0, 3.0});
  wanted.gpus_per_instance = 8;
  CHECK(dollars(current_offers(list, wanted)) == std::vector<double>{2.0});
}
