// The offers of the price list that a plan compares.
#pragma once

#include "core/offer.h"
#include "io/profile_folder.h"
#include "planner/plan.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace trainbudget::planner {

class Offers {
 public:
  /// What the document of `request` asks for, of its own list or the one that is shipped. Throws InputError.
  Offers(const Request& request, const io::ProfileFolder& profiles);

  /// The offers of one accelerator, each as the look-up that finds it: those that another of the same look-up
  /// undercuts are left out.
  std::vector<std::pair<const Offer*, OfferQuery>> of(const std::string& accelerator);
  /// Whether `offer` may be of servers of `node` accelerators: it says so, or it says no size and another row
  /// of its provider does.
  bool may_be_whole_servers(const Offer& offer, double node) const;
  /// What is asked of every offer.
  const OfferQuery& query() const { return query_; }

 private:
  std::shared_ptr<const std::vector<Offer>> offers_;
  OfferQuery query_;
  std::map<std::string, std::vector<Offer>> by_accelerator_;
};

/// Providers whose servers belong to many hosts and stand wherever those are: no network joins two of them
/// (vast.ai's and RunPod's own descriptions of their marketplaces).
bool is_marketplace(const Offer& offer);

}  // namespace trainbudget::planner
