#include "core/offer.h"

#include "core/quantile.h"

#include <algorithm>
#include <tuple>

namespace trainbudget {
namespace {

bool matches(const Offer& offer, const OfferQuery& query) {
  return offer.accelerator == query.accelerator && (!query.provider || offer.provider == *query.provider) &&
         (!query.pricing || offer.pricing == *query.pricing) &&
         (!query.region || offer.region == *query.region) &&
         (!query.gpus_per_instance || offer.gpus_per_instance == *query.gpus_per_instance) &&
         offer.as_of.last <= query.as_of;
}

auto place_of(const Offer& offer) {
  return std::tie(offer.provider, offer.pricing, offer.instance, offer.region);
}

/// Newest first, and of one day the best quality and then the cheapest first.
bool supersedes(const Offer& a, const Offer& b) {
  return std::tie(b.as_of.last, a.quality, a.price.value, a.source) <
         std::tie(a.as_of.last, b.quality, b.price.value, b.source);
}

}  // namespace

int age_in_days(const Offer& offer, Date as_of) {
  return days_between(offer.as_of.first, as_of);
}

std::vector<const Offer*> current_offers(std::span<const Offer> offers, const OfferQuery& query) {
  std::vector<const Offer*> current;
  for (const Offer& offer : offers) {
    if (matches(offer, query)) current.push_back(&offer);
  }
  std::sort(current.begin(), current.end(), [](const Offer* a, const Offer* b) {
    return place_of(*a) != place_of(*b) ? place_of(*a) < place_of(*b) : supersedes(*a, *b);
  });
  current.erase(std::unique(current.begin(), current.end(),
                            [](const Offer* a, const Offer* b) { return place_of(*a) == place_of(*b); }),
                current.end());
  std::stable_sort(current.begin(), current.end(), [](const Offer* a, const Offer* b) {
    return std::tie(a->price.value, b->as_of.last, b->gpus_per_instance) <
           std::tie(b->price.value, a->as_of.last, a->gpus_per_instance);
  });
  return current;
}

std::vector<const Offer*> comparable_offers(std::span<const Offer* const> current, Date as_of) {
  std::vector<const Offer*> trusted;
  std::copy_if(current.begin(), current.end(), std::back_inserter(trusted),
               [](const Offer* offer) { return is_trusted(offer->quality); });
  std::vector<const Offer*> young;
  std::copy_if(trusted.begin(), trusted.end(), std::back_inserter(young), [&](const Offer* offer) {
    return age_in_days(*offer, as_of) <= oldest_comparable_price_days;
  });
  return young.empty() ? trusted : young;
}

const Offer* choose(std::span<const Offer* const> current, OfferChoice choice, Date as_of) {
  const std::vector<const Offer*> comparable = comparable_offers(current, as_of);
  if (comparable.empty()) return nullptr;
  return choice == OfferChoice::cheapest ? comparable.front() : comparable[(comparable.size() - 1) / 2];
}

std::vector<UsdPerSecond> prices_by_provider(std::span<const Offer* const> comparable) {
  std::vector<std::string_view> seen;
  std::vector<UsdPerSecond> prices;
  for (const Offer* offer : comparable) {
    if (std::find(seen.begin(), seen.end(), offer->provider) != seen.end()) continue;
    seen.push_back(offer->provider);
    prices.push_back(offer->price);
  }
  return prices;
}

Range market_range(std::span<const UsdPerSecond> sorted_prices) {
  std::vector<double> usd_per_hour;
  for (const UsdPerSecond price : sorted_prices)
    usd_per_hour.push_back(price.value * seconds_per_hour);
  return quantiles(usd_per_hour);
}

}  // namespace trainbudget
