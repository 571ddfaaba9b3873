#include "core/offer.h"

#include "core/quantile.h"

#include <algorithm>
#include <cctype>
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

/// Whether `text` is `stem`, or begins with it and goes on with another word or a number; whatever its case.
bool begins_with(std::string_view text, std::string_view stem) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  const auto same = [&](char a, char b) { return lower(a) == lower(b); };
  if (text.size() < stem.size() || !std::equal(stem.begin(), stem.end(), text.begin(), same)) return false;
  if (text.size() == stem.size()) return true;
  const char next = text[stem.size()];
  return !is_letter(next) && !(is_digit(next) && is_digit(stem.back()));
}

/// "us" of "us-*" and of "US mostly".
std::string_view stem_of(std::string_view region) {
  for (const std::string_view rest : {"-*", " mostly"})
    if (region.ends_with(rest)) region.remove_suffix(rest.size());
  return region;
}

/// Whether one of two regions lies within the other: "us-east-1" within "us-*", and all within "global".
bool overlap(std::string_view a, std::string_view b) {
  if (!names_a_place(a) || !names_a_place(b)) return true;
  return begins_with(stem_of(a), stem_of(b)) || begins_with(stem_of(b), stem_of(a));
}

/// One accelerator of an instance without a name is the price of an accelerator, not the size of an instance.
bool states_size(const Offer& offer) {
  return offer.gpus_per_instance > 1 || (offer.gpus_per_instance == 1 && !offer.instance.empty());
}

/// Whether two rows may be of the same thing, as far as each of them says what it is of.
bool may_be_the_same(const Offer& a, const Offer& b) {
  return a.provider == b.provider && a.pricing == b.pricing &&
         (a.instance.empty() || b.instance.empty() || a.instance == b.instance) &&
         (!states_size(a) || !states_size(b) || a.gpus_per_instance == b.gpus_per_instance) &&
         overlap(a.region, b.region);
}

/// Whether `older` is out of date by what `newer` says: of the same place, or of one that covers it or lies
/// in it. What cannot be trusted replaces nothing.
bool is_replaced(const Offer& older, const Offer& newer) {
  return older.as_of.last < newer.as_of.last && is_trusted(newer.quality) && may_be_the_same(older, newer);
}

}  // namespace

int age_in_days(const Offer& offer, Date as_of) {
  return days_between(offer.as_of.first, as_of);
}

std::vector<const Offer*> current_offers(std::span<const Offer> offers, const OfferQuery& query) {
  std::vector<const Offer*> known;
  for (const Offer& offer : offers) {
    if (matches(offer, query)) known.push_back(&offer);
  }
  std::vector<const Offer*> current = known;
  std::sort(current.begin(), current.end(), [](const Offer* a, const Offer* b) {
    return place_of(*a) != place_of(*b) ? place_of(*a) < place_of(*b) : supersedes(*a, *b);
  });
  current.erase(std::unique(current.begin(), current.end(),
                            [](const Offer* a, const Offer* b) { return place_of(*a) == place_of(*b); }),
                current.end());
  std::erase_if(current, [&](const Offer* older) {
    return std::any_of(known.begin(), known.end(),
                       [&](const Offer* newer) { return is_replaced(*older, *newer); });
  });
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
