#include "planner/offers.h"

#include "io/map_reader.h"
#include "io/price_table.h"
#include "io/scenario_price.h"
#include "planner/document.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace trainbudget::planner {
namespace {

std::vector<const Offer*> comparable(const std::vector<Offer>& offers, const OfferQuery& query) {
  const std::vector<const Offer*> current = current_offers(offers, query);
  std::vector<const Offer*> found = comparable_offers(current, query.as_of);
  // As in an estimate: suspect and quoted prices count when their provider is named.
  return found.empty() && query.provider ? current : found;
}

}  // namespace

Offers::Offers(const Request& request, const io::ProfileFolder& profiles) {
  const io::YamlNode* list = io::value_of(request.document, "prices");
  const std::string path = list != nullptr ? io::read_string(*list) : profiles.path("prices/prices.csv");
  offers_ = profiles.once<std::vector<Offer>>("file " + path, [&] { return io::read_price_table(path); });
  const io::YamlNode* as_of = io::value_of(request.document, "as_of");
  query_.as_of = as_of != nullptr ? io::parse_date(as_of->text, as_of->location) : io::newest_day(*offers_);
  if (!request.any_pricing) query_.pricing = PricingModel::on_demand;
  const io::YamlNode* price = io::value_of(request.document, "price");
  if (price == nullptr || !is_price_lookup(price) || io::value_of(request.document, "own") != nullptr) return;
  if (const io::YamlNode* provider = io::value_of(*price, "provider")) query_.provider = provider->text;
  if (const io::YamlNode* pricing = io::value_of(*price, "pricing"))
    query_.pricing = io::pricing_named(pricing->text, pricing->location);
  if (const io::YamlNode* region = io::value_of(*price, "region")) query_.region = region->text;
}

std::vector<std::pair<const Offer*, OfferQuery>> Offers::of(const std::string& accelerator) {
  auto& own = by_accelerator_[accelerator];
  if (own.empty()) {
    for (const Offer& offer : *offers_)
      if (offer.accelerator == accelerator) own.push_back(offer);
  }
  OfferQuery wide = query_;
  wide.accelerator = accelerator;
  std::vector<std::pair<const Offer*, OfferQuery>> found;
  std::set<std::string> seen;
  for (const Offer* offer : comparable(own, wide)) {
    OfferQuery exact{.accelerator = accelerator,
                     .provider = offer->provider,
                     .pricing = offer->pricing,
                     .as_of = wide.as_of};
    if (!offer->region.empty()) exact.region = offer->region;
    if (offer->gpus_per_instance > 0) exact.gpus_per_instance = offer->gpus_per_instance;
    if (!seen.insert(fmt::format("{}|{}|{}|{}", offer->provider, name_of(offer->pricing), offer->region,
                                 offer->gpus_per_instance))
             .second)
      continue;
    if (comparable(own, exact).front()->price == offer->price) found.emplace_back(offer, exact);
  }
  return found;
}

bool Offers::may_be_whole_servers(const Offer& offer, double node) const {
  if (offer.gpus_per_instance > 0) return offer.gpus_per_instance >= node;
  return std::any_of(offers_->begin(), offers_->end(), [&](const Offer& row) {
    return row.accelerator == offer.accelerator && row.provider == offer.provider &&
           row.gpus_per_instance >= node && row.as_of.last <= query_.as_of;
  });
}

bool is_marketplace(const Offer& offer) {
  return offer.pricing == PricingModel::community || offer.provider == "vast";
}

}  // namespace trainbudget::planner
