#include "planner/losers.h"

#include "planner/reasons.h"
#include "render/number_text.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace trainbudget::planner {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr std::size_t most_providers_shown = 6;
constexpr std::size_t most_hardware_shown = 6;
constexpr double nearby = 4.0;  // times as many, or as few, accelerators are shown beside the winner

class Losers {
 public:
  Losers(const Plan& plan, const Space& space, Chooser& chooser, Evaluator& evaluator)
      : plan_(plan), space_(space), chooser_(chooser), evaluator_(evaluator) {}

  std::vector<Loser> operator()(const std::optional<BestFound>& best) {
    add_hardware_losers(best);
    if (best) {
      add_count_losers(best->candidate);
      add_offer_losers(best->candidate);
      add_pricing_losers(best->candidate);
    }
    losers_.insert(losers_.end(), space_.excluded.begin(), space_.excluded.end());
    return std::move(losers_);
  }

 private:
  /// Of other accelerators the best way to train the winner's model, or what stands against it; of those that
  /// cannot come near, that alone.
  void add_hardware_losers(const std::optional<BestFound>& best) {
    std::map<std::string, double> bounds;  // no way on this accelerator ranks before it
    for (std::size_t i = 0; i < space_.candidates.size(); ++i) {
      const Candidate& candidate = space_.candidates[i];
      const std::string& name = space_.hardware[space_.sites[candidate.site].hardware].accelerator;
      if (best &&
          (name == plan_.winner->accelerator || candidate.size != space_.candidates[best->candidate].size))
        continue;
      const double bound = chooser_.least_rank(candidate);
      const auto known = bounds.emplace(name, bound).first;
      known->second = std::min(known->second, bound);
    }
    for (const Site& site : space_.sites) {
      const std::string& name = space_.hardware[site.hardware].accelerator;
      if (!best || name != plan_.winner->accelerator) bounds.emplace(name, infinite);
    }
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [name, bound] : bounds)
      order.emplace_back(bound, name);
    std::sort(order.begin(), order.end());
    const std::size_t shown = std::min(order.size(), most_hardware_shown);
    std::vector<Loser> found;
    for (std::size_t i = 0; i < shown; ++i)
      found.push_back(hardware_loser(order[i].second, best));
    const auto rank = [&](const Loser& loser) { return loser.way ? rank_of(plan_, *loser.way) : infinite; };
    std::stable_sort(found.begin(), found.end(),
                     [&](const Loser& a, const Loser& b) { return rank(a) < rank(b); });
    losers_.insert(losers_.end(), found.begin(), found.end());
    if (order.size() == shown) return;
    std::vector<std::string> rest;
    for (std::size_t i = shown; i < order.size(); ++i)
      rest.push_back(order[i].second);
    losers_.push_back({"hardware", counted(rest.size(), "accelerator"), std::nullopt,
                       reason_by_bound(plan_, order[shown].first) + ": " + listed(rest)});
  }

  Loser hardware_loser(const std::string& name, const std::optional<BestFound>& best) {
    const Filter of_it = [&](const Candidate& c) {
      return space_.hardware[space_.sites[c.site].hardware].accelerator == name &&
             (!best || c.size == space_.candidates[best->candidate].size);
    };
    const auto own = chooser_.best_by_aim(of_it);
    if (!own) return loser_without(name, of_it);
    const Way& way = evaluator_(own->candidate);
    return {"hardware", name, way, reason_against(plan_, way)};
  }

  /// Hardware on which nothing keeps to the limits: its fastest way says by how much.
  Loser loser_without(const std::string& name, const Filter& filter) {
    const std::vector<std::size_t> own = chooser_.filtered(filter);
    if (own.empty()) return {"hardware", name, std::nullopt, "not offered as whole servers"};
    if (!space_.free_tokens) {
      const auto nearest = plan_.limits.deadline_seconds ? chooser_.best_time(filter, false)
                                                         : chooser_.best_cost(filter, false, false);
      if (nearest) {
        const Way& way = evaluator_(nearest->candidate);
        return {"hardware", name, way, reason_against(plan_, way)};
      }
    }
    // The smallest model on the most accelerators fits where anything does.
    const auto most = std::max_element(own.begin(), own.end(), [&](std::size_t a, std::size_t b) {
      const Candidate& left = space_.candidates[a];
      const Candidate& right = space_.candidates[b];
      return std::pair(-static_cast<double>(left.size), left.gpus) <
             std::pair(-static_cast<double>(right.size), right.gpus);
    });
    return {"hardware", name, std::nullopt, evaluator_(*most).problem};
  }

  /// The winner's model and offer on fewer and more accelerators.
  void add_count_losers(std::size_t winner) {
    const Candidate& best = space_.candidates[winner];
    std::set<double> counts;
    for (const Candidate& candidate : space_.candidates)
      if (candidate.site == best.site && candidate.gpus * nearby >= best.gpus &&
          candidate.gpus <= best.gpus * nearby)
        counts.insert(candidate.gpus);
    counts.erase(best.gpus);
    for (const double gpus : counts) {
      const std::vector<std::size_t> own = chooser_.filtered(
          [&](const Candidate& c) { return c.site == best.site && c.gpus == gpus && c.size == best.size; });
      const Way& way = evaluator_(own.front());
      const bool is_way = way.problem.empty();
      losers_.push_back({"gpus", counted(static_cast<std::size_t>(gpus), "GPU"),
                         is_way ? std::optional(way) : std::nullopt, reason_against(plan_, way)});
    }
  }

  /// The same on the same number of the same accelerators, from other providers: the best offer of each.
  void add_offer_losers(std::size_t winner) {
    const Candidate& best = space_.candidates[winner];
    std::map<std::string, std::pair<double, std::size_t>> by_provider;  // and pricing model
    for (std::size_t i = 0; i < space_.candidates.size(); ++i) {
      const Candidate& candidate = space_.candidates[i];
      const Site& site = space_.sites[candidate.site];
      if (candidate.gpus != best.gpus || candidate.size != best.size || candidate.site == best.site ||
          site.provider.empty() || space_.hardware[site.hardware].accelerator != plan_.winner->accelerator)
        continue;
      const std::pair value(site.least_usd_per_hour, i);
      const auto known = by_provider.emplace(site.label.substr(0, site.label.find(',')), value).first;
      known->second = std::min(known->second, value);
    }
    std::vector<std::pair<double, std::size_t>> order;
    for (const auto& [provider, value] : by_provider)
      order.push_back(value);
    std::sort(order.begin(), order.end());
    if (order.size() > most_providers_shown) order.resize(most_providers_shown);
    for (const auto& [price, i] : order) {
      const Way& way = evaluator_(i);
      losers_.push_back({"offer", space_.sites[space_.candidates[i].site].label,
                         way.problem.empty() ? std::optional(way) : std::nullopt,
                         reason_against(plan_, way)});
    }
  }

  /// Pricing models that nobody asked for and that are cheaper by the hour.
  void add_pricing_losers(std::size_t winner) {
    const Site& site = space_.sites[space_.candidates[winner].site];
    for (const OtherPricing& other : space_.hardware[site.hardware].other_pricing) {
      if (!(other.usd_per_hour < site.least_usd_per_hour)) continue;
      losers_.push_back({"pricing", std::string(name_of(other.pricing)), std::nullopt,
                         "from " + render::number_text(other.usd_per_hour, Unit::usd_per_gpu_hour) + " (" +
                             other.provider + "): not asked for (--pricing " +
                             std::string(name_of(other.pricing)) + ")"});
    }
  }

  const Plan& plan_;
  const Space& space_;
  Chooser& chooser_;
  Evaluator& evaluator_;
  std::vector<Loser> losers_;
};

}  // namespace

std::vector<Loser> losers_of(const Plan& plan, const std::optional<BestFound>& best, const Space& space,
                             Chooser& chooser, Evaluator& evaluator) {
  return Losers(plan, space, chooser, evaluator)(best);
}

}  // namespace trainbudget::planner
