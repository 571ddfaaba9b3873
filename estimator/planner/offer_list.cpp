#include "planner/offer_list.h"

#include "io/price_table.h"
#include "io/scenario_price.h"
#include "io/suggest.h"
#include "planner/space.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace trainbudget::planner {
namespace {

bool is_lookup(const io::YamlNode* price) {
  if (price == nullptr) return true;
  if (price->kind != io::YamlNode::Kind::mapping) return false;
  return std::all_of(price->entries.begin(), price->entries.end(), [](const io::YamlNode::Entry& entry) {
    return entry.key == "provider" || entry.key == "pricing" || entry.key == "region" ||
           entry.key == "gpus_per_instance";
  });
}

std::vector<const Offer*> comparable(const std::vector<Offer>& offers, const OfferQuery& query) {
  const std::vector<const Offer*> current = current_offers(offers, query);
  std::vector<const Offer*> found = comparable_offers(current, query.as_of);
  // As in an estimate: suspect and quoted prices count when their provider is named.
  return found.empty() && query.provider ? current : found;
}

}  // namespace

OfferList::OfferList(const Request& request, const io::ProfileFolder& profiles) {
  const std::string path = profiles.path("prices/prices.csv");
  offers_ = profiles.once<std::vector<Offer>>("file " + path, [&] { return io::read_price_table(path); });
  const io::YamlNode* as_of = value_of(request.document, "as_of");
  query_.as_of = as_of != nullptr ? io::parse_date(as_of->text, as_of->location) : io::newest_day(*offers_);
  const io::YamlNode* price = value_of(request.document, "price");
  given_ = !is_lookup(price);
  pricing_assumed_ = !request.any_pricing;
  if (!request.any_pricing) query_.pricing = PricingModel::on_demand;
  if (price == nullptr || given_) return;
  if (const io::YamlNode* region = value_of(*price, "region")) query_.region = region->text;
  if (const io::YamlNode* pricing = value_of(*price, "pricing")) {
    query_.pricing = io::pricing_named(pricing->text, pricing->location);
    pricing_assumed_ = false;
  }
  const io::YamlNode* provider = value_of(*price, "provider");
  if (provider == nullptr) return;
  query_.provider = provider->text;
  std::set<std::string_view> known;
  for (const Offer& offer : *offers_)
    known.insert(offer.provider);
  if (known.contains(provider->text)) return;
  const std::vector<std::string_view> names(known.begin(), known.end());
  throw io::InputError(provider->location, "the price list has no provider '" + provider->text + "'",
                       io::did_you_mean_or_list(provider->text, names));
}

const std::vector<Offer>& OfferList::own(const std::string& accelerator) {
  const auto [known, is_new] = own_.try_emplace(accelerator);
  if (is_new) {
    for (const Offer& offer : *offers_)
      if (offer.accelerator == accelerator) known->second.push_back(offer);
  }
  return known->second;
}

OfferQuery OfferList::query(const std::string& accelerator) const {
  OfferQuery query = query_;
  query.accelerator = accelerator;
  return query;
}

std::vector<FoundOffer> OfferList::of(const std::string& accelerator) {
  if (given_) return {};
  const std::vector<Offer>& offers = own(accelerator);
  std::vector<FoundOffer> found;
  std::set<std::tuple<std::string, PricingModel, std::string, int>> seen;
  for (const Offer* offer : comparable(offers, query(accelerator))) {
    if (!seen.emplace(offer->provider, offer->pricing, offer->region, offer->gpus_per_instance).second)
      continue;
    OfferQuery exact{.accelerator = accelerator,
                     .provider = offer->provider,
                     .pricing = offer->pricing,
                     .as_of = query_.as_of};
    if (!offer->region.empty()) exact.region = offer->region;
    if (offer->gpus_per_instance > 0) exact.gpus_per_instance = offer->gpus_per_instance;
    if (comparable(offers, exact).front()->price == offer->price) found.push_back({offer, exact});
  }
  return found;
}

std::vector<OtherPricing> OfferList::other_pricing(const std::string& accelerator, double node) {
  if (given_ || !pricing_assumed_) return {};
  std::vector<OtherPricing> found;
  for (const PricingModel pricing : all_pricing_models) {
    OfferQuery other = query(accelerator);
    other.pricing = pricing;
    if (pricing == query_.pricing) continue;
    for (const Offer* offer : comparable(own(accelerator), other)) {
      const int instance = offer->gpus_per_instance;
      if (is_marketplace(*offer) || (instance > 0 && instance < node)) continue;
      found.push_back({pricing, offer->provider, offer->price.value * seconds_per_hour});
      break;
    }
  }
  return found;
}

bool is_marketplace(const Offer& offer) {
  return offer.pricing == PricingModel::community || offer.provider == "vast";
}

}  // namespace trainbudget::planner
