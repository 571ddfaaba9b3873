#include "io/price_search.h"

#include "io/price_table.h"

#include <algorithm>
#include <cstddef>
#include <set>

namespace trainbudget::io {
namespace {

/// The first words of a long list, and how many more there are.
std::string joined(const std::set<std::string>& words) {
  constexpr std::size_t most = 12;
  std::string text;
  std::size_t shown = 0;
  for (const std::string& word : words) {
    if (shown++ == most) break;
    text += (text.empty() ? "" : ", ") + word;
  }
  if (words.size() > most)
    text += " and " + std::to_string(words.size() - most) + " more (see 'trainbudget prices list')";
  return text;
}

}  // namespace

std::string query_text(const OfferQuery& query) {
  std::string text = query.accelerator;
  if (query.provider) text += ", " + *query.provider;
  if (query.pricing) text += ", " + std::string(name_of(*query.pricing));
  if (query.region) text += ", " + *query.region;
  if (query.gpus_per_instance) text += ", instances of " + std::to_string(*query.gpus_per_instance) + " GPUs";
  return text + ", as of " + date_text(query.as_of);
}

std::string what_exists(const std::vector<Offer>& offers, OfferQuery query) {
  const auto describe = [&](const OfferQuery& wider) {
    std::set<std::string> found;
    for (const Offer* offer : current_offers(offers, wider)) {
      found.insert(offer->provider + " " + std::string(name_of(offer->pricing)) +
                   (wider.region || offer->region.empty() || !query.region ? "" : " " + offer->region));
    }
    return joined(found);
  };
  query.gpus_per_instance.reset();
  if (query.region) {
    OfferQuery anywhere = query;
    anywhere.region.reset();
    const std::string found = describe(anywhere);
    if (!found.empty()) return "there is: " + found;
  }
  query.region.reset();
  query.pricing.reset();
  if (const std::string found = describe(query); !found.empty()) return "there is: " + found;
  query.provider.reset();
  if (const std::string found = describe(query); !found.empty()) return "there is: " + found;
  query.as_of = {9999, 12, 31};
  const std::vector<const Offer*> later = current_offers(offers, query);
  if (later.empty()) return "the list has no price of " + query.accelerator + "; give one: --price '$2/h'";
  Date first = later.front()->as_of.last;
  for (const Offer& offer : offers) {
    if (offer.accelerator == query.accelerator) first = std::min(first, offer.as_of.last);
  }
  return "the first price of " + query.accelerator + " in the list is of " + date_text(first);
}

}  // namespace trainbudget::io
