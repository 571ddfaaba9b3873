// What a list says about itself that cannot be: duplicates, and prices that contradict their neighbours.
#include "io/price_import/price_import.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

namespace trainbudget::io {
namespace {

std::string usd(UsdPerSecond price) {
  char text[40];
  std::snprintf(text, sizeof text, "$%.4g/h", price.value * seconds_per_hour);
  return text;
}

void suspect(Offer& offer, const std::string& reason, PriceImport& import) {
  offer.quality = PriceQuality::c;
  offer.note += (offer.note.empty() ? "" : "; ") + reason;
  import.warnings.push_back(offer.provider + " " + offer.instance +
                            (offer.region.empty() ? "" : " " + offer.region) + ": " + usd(offer.price) +
                            " is suspect: " + reason);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

/// Providers whose regions are places of their own, with their own prices and grids.
bool has_regions(const std::string& provider) {
  return provider == "gcp" || provider == "aws" || provider == "azure";
}

}  // namespace

void drop_duplicates(PriceImport& import) {
  using Key = std::tuple<std::string, std::string, PricingModel, double, std::string>;
  std::map<Key, std::size_t> seen;
  std::vector<Offer> kept;
  std::vector<int> more;
  for (Offer& offer : import.offers) {
    const bool regions = has_regions(offer.provider);
    const Key key{offer.accelerator, offer.instance, offer.pricing, offer.price.value,
                  regions ? offer.region : ""};
    const auto [at, is_new] = seen.try_emplace(key, kept.size());
    if (is_new) {
      kept.push_back(std::move(offer));
      more.push_back(0);
    } else if (!regions) {
      ++more[at->second];
    }
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (more[i] == 0) continue;
    kept[i].note += (kept[i].note.empty() ? "" : "; ") + std::string("the same in ") +
                    std::to_string(more[i]) + " more rows";
  }
  import.offers = std::move(kept);
}

void mark_suspects(PriceImport& import) {
  using Place = std::tuple<std::string, std::string, std::string>;
  std::map<Place, double> spot;  // the cheapest
  std::map<Place, std::map<std::string, double>> by_region;
  for (const Offer& offer : import.offers) {
    const Place place{offer.accelerator, offer.instance, offer.region};
    if (offer.pricing == PricingModel::spot) {
      const auto [at, is_new] = spot.try_emplace(place, offer.price.value);
      if (!is_new) at->second = std::min(at->second, offer.price.value);
    }
    if (offer.pricing == PricingModel::on_demand) {
      const auto [at, is_new] = by_region[{offer.provider, offer.accelerator, offer.instance}].try_emplace(
          offer.region, offer.price.value);
      if (!is_new) at->second = std::min(at->second, offer.price.value);
    }
  }
  for (Offer& offer : import.offers) {
    if (offer.pricing != PricingModel::on_demand || offer.quality == PriceQuality::c) continue;
    const auto cheaper = spot.find({offer.accelerator, offer.instance, offer.region});
    if (cheaper != spot.end() && cheaper->second > offer.price.value) {
      suspect(offer, "spot is dearer, at " + usd(UsdPerSecond(cheaper->second)) + ": a commitment price?",
              import);
      continue;
    }
    std::vector<double> peers;
    for (const auto& [region, price] : by_region[{offer.provider, offer.accelerator, offer.instance}])
      peers.push_back(price);
    if (peers.size() < 3) continue;
    const double usual = median(peers);
    if (offer.price.value < 0.6 * usual)
      suspect(offer, "below 60 % of the median of its regions, " + usd(UsdPerSecond(usual)), import);
  }
  // Spot above on demand condemns both: nobody can tell which of the two is wrong.
  for (Offer& offer : import.offers) {
    if (offer.pricing != PricingModel::spot || offer.quality == PriceQuality::c) continue;
    const auto places = by_region.find({offer.provider, offer.accelerator, offer.instance});
    if (places == by_region.end()) continue;
    const auto other = places->second.find(offer.region);
    if (other != places->second.end() && other->second < offer.price.value)
      suspect(offer, "dearer than on demand, " + usd(UsdPerSecond(other->second)), import);
  }
}

}  // namespace trainbudget::io
