// The offers of the price list that a request may take.
#pragma once

#include "core/offer.h"
#include "io/profile_folder.h"
#include "planner/plan.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace trainbudget::planner {

/// An offer and the look-up that finds it.
struct FoundOffer {
  const Offer* offer = nullptr;
  OfferQuery query;
};

/// The cheapest offer of a pricing model that was not asked for.
struct OtherPricing {
  PricingModel pricing = PricingModel::spot;
  std::string provider;
  double usd_per_hour = 0.0;
};

class OfferList {
 public:
  /// Throws InputError for a pricing model, a date or a provider that does not exist.
  OfferList(const Request& request, const io::ProfileFolder& profiles);

  /// Whether the document gives a price, so that no offer is looked up.
  bool price_is_given() const { return given_; }
  /// Of one accelerator, cheapest first; what another offer of the same look-up undercuts is left out.
  std::vector<FoundOffer> of(const std::string& accelerator);
  /// The cheapest of each other pricing model that comes in servers of `node` accelerators; none where the
  /// request names a model or leaves it open.
  std::vector<OtherPricing> other_pricing(const std::string& accelerator, double node);
  /// What is asked of the list, for messages.
  OfferQuery query(const std::string& accelerator) const;

 private:
  const std::vector<Offer>& own(const std::string& accelerator);

  bool given_ = false;
  bool pricing_assumed_ = false;
  std::shared_ptr<const std::vector<Offer>> offers_;
  std::map<std::string, std::vector<Offer>> own_;  ///< by accelerator
  OfferQuery query_;
};

/// Whether the servers of `offer` belong to many hosts and stand wherever those are, so that no network joins
/// two of them (as vast.ai and RunPod describe their marketplaces).
bool is_marketplace(const Offer& offer);

}  // namespace trainbudget::planner
