#include "planner/losers.h"

#include "planner/reasons.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace trainbudget::planner {
namespace {

constexpr std::size_t most_providers_shown = 6;
constexpr std::size_t most_hardware_shown = 6;
constexpr double nearby = 4.0;  // times as many, or as few, accelerators are shown beside the winner

}  // namespace

void Losers::add_hardware(const std::optional<BestFound>& best) {
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
  for (const Hardware& hardware : space_.hardware)
    if (!best || hardware.accelerator != plan_.winner->accelerator)
      bounds.emplace(hardware.accelerator, infinite);
  std::vector<std::pair<double, std::string>> order;
  order.reserve(bounds.size());
  for (const auto& [name, bound] : bounds)
    order.emplace_back(bound, name);
  std::sort(order.begin(), order.end());
  const std::size_t shown = std::min(order.size(), most_hardware_shown);
  std::vector<Loser> found;
  for (std::size_t i = 0; i < shown; ++i)
    found.push_back(of_hardware(order[i].second, best));
  const auto rank = [&](const Loser& loser) { return loser.way ? rank_of(plan_, *loser.way) : infinite; };
  std::stable_sort(found.begin(), found.end(),
                   [&](const Loser& a, const Loser& b) { return rank(a) < rank(b); });
  plan_.losers.insert(plan_.losers.end(), found.begin(), found.end());
  if (order.size() == shown) return;
  std::vector<std::string> rest;
  for (std::size_t i = shown; i < order.size(); ++i)
    rest.push_back(order[i].second);
  plan_.losers.push_back({"hardware", counted(rest.size(), "accelerator"), std::nullopt,
                          reason_by_bound(plan_, order[shown].first) + ": " + listed(rest)});
}

Loser Losers::of_hardware(const std::string& name, const std::optional<BestFound>& best) {
  const Filter of_it = [&](const Candidate& c) {
    return space_.hardware[space_.sites[c.site].hardware].accelerator == name &&
           (!best || c.size == space_.candidates[best->candidate].size);
  };
  const auto own = chooser_.best_by_aim(of_it);
  if (!own) return without_way(name, of_it);
  const Way& way = evaluator_(own->candidate);
  return {"hardware", name, way, reason_against(plan_, way)};
}

Loser Losers::without_way(const std::string& name, const Filter& filter) {
  const std::vector<std::size_t> own = chooser_.filtered(filter);
  if (own.empty()) return {"hardware", name, std::nullopt, "not offered as whole servers"};
  if (!space_.free_tokens) {
    const auto nearest = request_.limits.deadline_seconds ? chooser_.best_time(filter, false)
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

void Losers::add_counts(std::size_t winner) {
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
    plan_.losers.push_back({"gpus", counted(static_cast<std::size_t>(gpus), "GPU"),
                            is_way ? std::optional(way) : std::nullopt, reason_against(plan_, way)});
  }
}

void Losers::add_offers(std::size_t winner) {
  const Candidate& best = space_.candidates[winner];
  std::map<std::string, std::pair<double, std::size_t>> by_provider;
  for (std::size_t i = 0; i < space_.candidates.size(); ++i) {
    const Candidate& candidate = space_.candidates[i];
    const Site& site = space_.sites[candidate.site];
    if (candidate.gpus != best.gpus || candidate.size != best.size || candidate.site == best.site ||
        site.provider.empty() || space_.hardware[site.hardware].accelerator != plan_.winner->accelerator)
      continue;
    const auto known = by_provider.find(site.label.substr(0, site.label.find(',')));
    const std::pair value(site.least_usd_per_hour, i);
    if (known == by_provider.end()) {
      by_provider.emplace(site.label.substr(0, site.label.find(',')), value);
    } else {
      known->second = std::min(known->second, value);
    }
  }
  std::vector<std::pair<double, std::size_t>> order;
  order.reserve(by_provider.size());
  for (const auto& [provider, value] : by_provider)
    order.push_back(value);
  std::sort(order.begin(), order.end());
  if (order.size() > most_providers_shown) order.resize(most_providers_shown);
  for (const auto& [price, i] : order) {
    const Way& way = evaluator_(i);
    plan_.losers.push_back({"offer", space_.sites[space_.candidates[i].site].label,
                            way.problem.empty() ? std::optional(way) : std::nullopt,
                            reason_against(plan_, way)});
  }
}

}  // namespace trainbudget::planner
