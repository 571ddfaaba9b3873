#include "planner/planner.h"

#include "core/quantity.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "planner/evaluator.h"
#include "planner/measured.h"
#include "planner/reasons.h"
#include "render/number_text.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include <fmt/format.h>

namespace trainbudget::planner {
namespace {

constexpr std::size_t most_providers_shown = 6;
constexpr std::size_t most_hardware_shown = 6;
constexpr double usual_deadline_days = 90.0;
constexpr double nearby = 4.0;  // times as many, or as few, accelerators are shown beside the winner

using Filter = std::function<bool(const Candidate&)>;

class Planner {
 public:
  Planner(const Request& request, const io::ProfileFolder& profiles)
      : request_(request),
        profiles_(profiles),
        space_(make_space(request, profiles)),
        evaluator_(request, space_, profiles) {}

  Plan operator()() {
    plan_.limits = request_.limits;
    plan_.steps = space_.steps;
    plan_.free_size = space_.free_size;
    plan_.free_tokens = space_.free_tokens;
    plan_.served_tokens = request_.served_tokens;
    plan_.candidates = static_cast<double>(space_.candidates.size());
    plan_.assumptions = space_.assumptions;
    plan_.warnings = space_.warnings;
    const bool open = space_.free_size || space_.free_tokens;
    plan_.aim = open ? Aim::least_loss : request_.limits.deadline_seconds ? Aim::cheapest : Aim::fastest;
    const std::optional<BestFound> best = best_by_aim([](const Candidate&) { return true; });
    if (best) {
      take(best->candidate);
      if (open) add_options(best->candidate);
    } else {
      add_misses();
    }
    add_hardware_losers(best);
    if (best) {
      add_count_losers(best->candidate);
      add_offer_losers(best->candidate);
      add_findings(best->candidate);
    }
    plan_.losers.insert(plan_.losers.end(), space_.excluded.begin(), space_.excluded.end());
    return std::move(plan_);
  }

 private:
  std::vector<std::size_t> filtered(const Filter& filter) const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < space_.candidates.size(); ++i) {
      if (filter(space_.candidates[i])) indices.push_back(i);
    }
    return indices;
  }

  double total_usd(const Way& way) const {
    return way.bill_usd ? at(*way.bill_usd, request_.limits.quantile) + way.serving_usd : infinite;
  }
  double seconds(const Way& way) const { return at(way.wall_time_seconds, request_.limits.quantile); }

  bool keeps(const Way& way) const {
    const Limits& limits = request_.limits;
    return way.problem.empty() && (!limits.deadline_seconds || seconds(way) <= *limits.deadline_seconds) &&
           (!limits.budget_usd || total_usd(way) <= *limits.budget_usd);
  }

  bool may_keep(const Candidate& candidate) const {
    if (space_.free_tokens) return evaluator_.most_tokens(candidate) > 0.0;
    const Limits& limits = request_.limits;
    const double tokens = evaluator_.given_tokens();
    return (!limits.deadline_seconds ||
            evaluator_.least_seconds(candidate, tokens) <= *limits.deadline_seconds) &&
           (!limits.budget_usd || evaluator_.least_usd(candidate, tokens) <= *limits.budget_usd);
  }

  /// As many tokens, within all limits.
  Ceiling within_limits(double tokens) const {
    return {.tokens = tokens,
            .usd = request_.limits.budget_usd.value_or(infinite),
            .seconds = request_.limits.deadline_seconds.value_or(infinite)};
  }

  std::optional<BestFound> best_cost(const Filter& filter, bool keep_deadline, bool keep_budget) {
    return best_of(
        filtered(filter),
        [&](std::size_t i) -> std::optional<Score> {
          const Candidate& candidate = space_.candidates[i];
          const double tokens = evaluator_.given_tokens();
          const Score least{evaluator_.least_usd(candidate, tokens),
                            evaluator_.least_seconds(candidate, tokens), candidate.gpus};
          if (keep_deadline && least[1] > request_.limits.deadline_seconds.value_or(infinite))
            return std::nullopt;
          if (keep_budget && least[0] > request_.limits.budget_usd.value_or(infinite)) return std::nullopt;
          return least;
        },
        [&](std::size_t i, const Score* least) -> std::optional<Score> {
          Ceiling ceiling{.tokens = evaluator_.given_tokens()};
          if (least != nullptr) ceiling.usd = (*least)[0];
          if (request_.search.prune && keep_deadline)
            ceiling.seconds = request_.limits.deadline_seconds.value_or(infinite);
          const Way* found = evaluator_.within(i, ceiling);
          if (found == nullptr) return std::nullopt;
          const Way& way = *found;
          if (!way.problem.empty() ||
              (keep_deadline && seconds(way) > request_.limits.deadline_seconds.value_or(infinite)) ||
              (keep_budget && total_usd(way) > request_.limits.budget_usd.value_or(infinite)))
            return std::nullopt;
          return Score{total_usd(way), seconds(way), way.gpus};
        },
        request_.search);
  }

  std::optional<BestFound> best_time(const Filter& filter, bool keep_budget) {
    return best_of(
        filtered(filter),
        [&](std::size_t i) -> std::optional<Score> {
          const Candidate& candidate = space_.candidates[i];
          const double tokens = evaluator_.given_tokens();
          const Score least{evaluator_.least_seconds(candidate, tokens),
                            evaluator_.least_usd(candidate, tokens), candidate.gpus};
          if (keep_budget && least[1] > request_.limits.budget_usd.value_or(infinite)) return std::nullopt;
          return least;
        },
        [&](std::size_t i, const Score* least) -> std::optional<Score> {
          Ceiling ceiling{.tokens = evaluator_.given_tokens()};
          if (least != nullptr) ceiling.seconds = (*least)[0];
          const Way* found = evaluator_.within(i, ceiling);
          if (found == nullptr) return std::nullopt;
          const Way& way = *found;
          if (!way.problem.empty() ||
              (keep_budget && request_.limits.budget_usd && total_usd(way) > *request_.limits.budget_usd))
            return std::nullopt;
          return Score{seconds(way), total_usd(way), way.gpus};
        },
        request_.search);
  }

  std::optional<BestFound> best_loss(std::size_t law, const Filter& filter) {
    return best_of(
        filtered(filter),
        [&](std::size_t i) -> std::optional<Score> {
          const Candidate& candidate = space_.candidates[i];
          if (!may_keep(candidate)) return std::nullopt;
          const double tokens =
              space_.free_tokens ? evaluator_.most_tokens(candidate) : evaluator_.given_tokens();
          const double loss =
              predicted_loss(scaling_laws[law], space_.sizes[candidate.size].parameters, Tokens(tokens));
          if (space_.free_tokens) return Score{loss, 0.0, 0.0};
          return Score{loss, evaluator_.least_usd(candidate, tokens),
                       evaluator_.least_seconds(candidate, tokens)};
        },
        [&](std::size_t i, const Score* least) -> std::optional<Score> {
          Ceiling ceiling;
          if (least != nullptr) {
            const double parameters = space_.sizes[space_.candidates[i].size].parameters;
            ceiling = within_limits(tokens_for_loss(scaling_laws[law], parameters, (*least)[0]).value);
          }
          const Way* found = evaluator_.within(i, ceiling);
          if (found == nullptr || !keeps(*found)) return std::nullopt;
          const Way& way = *found;
          return Score{way.loss[law], total_usd(way), seconds(way)};
        },
        request_.search);
  }

  /// The largest model with at least `ratio` tokens per parameter.
  std::optional<BestFound> largest_with(double ratio, const Filter& filter) {
    return best_of(
        filtered(filter),
        [&](std::size_t i) -> std::optional<Score> {
          const Candidate& candidate = space_.candidates[i];
          const double parameters = space_.sizes[candidate.size].parameters;
          const double most = evaluator_.most_tokens(candidate);
          if (!(most >= ratio * parameters)) return std::nullopt;
          return Score{-parameters, predicted_loss(scaling_laws[preferred_law], parameters, Tokens(most)),
                       0.0};
        },
        [&](std::size_t i, const Score*) -> std::optional<Score> {
          const double parameters = space_.sizes[space_.candidates[i].size].parameters;
          const Way* found =
              evaluator_.within(i, request_.search.prune ? within_limits(ratio * parameters) : Ceiling{});
          if (found == nullptr || !keeps(*found) || found->tokens < ratio * found->parameters)
            return std::nullopt;
          const Way& way = *found;
          return Score{-way.parameters, way.loss[preferred_law], total_usd(way)};
        },
        request_.search);
  }

  std::optional<BestFound> best_by_aim(const Filter& filter) {
    switch (plan_.aim) {
      case Aim::cheapest:
        return best_cost(filter, true, true);
      case Aim::fastest:
        return best_time(filter, true);
      case Aim::least_loss:
        break;
    }
    return best_loss(preferred_law, filter);
  }

  void take(std::size_t candidate) {
    plan_.winner = evaluator_(candidate);
    plan_.document = evaluator_.document(candidate, *plan_.winner);
    io::ScenarioSources sources;
    const Scenario scenario = io::read_scenario(plan_.document, profiles_, &sources);
    measured_ = is_measured(scenario, profiles_);
    plan_.estimate = estimate(scenario);
    plan_.files = std::move(sources.files);
    for (const std::string& assumption : plan_.estimate->assumptions)
      plan_.assumptions.push_back("estimate: " + assumption);
    for (const std::string& warning : plan_.estimate->warnings)
      plan_.warnings.push_back("estimate: " + warning);
  }

  /// Other sizes on the winner's hardware: what the other laws would train, and models that are trained for
  /// longer.
  void add_options(std::size_t winner) {
    const bool several = space_.sizes.size() > 1 && space_.free_tokens;
    const auto by_law = [&](std::size_t law) {
      return (request_.served_tokens > 0.0 ? "training and serving, " : "compute-optimal, ") +
             std::string(scaling_laws[law].name);
    };
    plan_.options.push_back({several              ? by_law(preferred_law)
                             : space_.free_tokens ? "most tokens"
                                                  : "largest model",
                             *plan_.winner});
    if (!several) return;
    const Candidate& best = space_.candidates[winner];
    const Filter same_place = [&](const Candidate& c) { return c.site == best.site && c.gpus == best.gpus; };
    for (std::size_t law = scaling_laws.size(); law-- > 0;) {
      if (law == preferred_law) continue;
      if (const auto found = best_loss(law, same_place))
        plan_.options.push_back({by_law(law), evaluator_(found->candidate)});
    }
    for (const double ratio : request_.tokens_per_parameter) {
      const std::string asked = fmt::format("{:g} tokens per parameter", ratio);
      if (const auto found = largest_with(ratio, same_place)) {
        plan_.options.push_back({asked, evaluator_(found->candidate)});
      } else {
        plan_.warnings.push_back(asked + " are more than the smallest model can be given within the limits");
      }
    }
  }

  /// With size and tokens given: the cheapest in time, the fastest within the budget, and the cheapest of
  /// all.
  void add_misses() {
    if (space_.free_size || space_.free_tokens) return;
    const Filter all = [](const Candidate&) { return true; };
    std::set<std::size_t> shown;
    const auto add = [&](const std::string& title, const std::optional<BestFound>& found) {
      if (!found) return;
      if (!shown.insert(found->candidate).second) return;
      const Way& way = evaluator_(found->candidate);
      plan_.misses.push_back({title + limits_that_would_do(way, request_.limits), way});
    };
    if (request_.limits.deadline_seconds && request_.limits.budget_usd) {
      add("cheapest in time: ", best_cost(all, true, false));
      add("fastest within the budget: ", best_time(all, true));
    }
    if (request_.limits.deadline_seconds) add("fastest of all: ", best_time(all, false));
    if (request_.limits.budget_usd) add("cheapest of all: ", best_cost(all, false, false));
  }

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
      const double bound = least_rank(candidate);
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
      found.push_back(hardware_loser(order[i].second, best));
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

  /// By the plan's aim, from bounds alone.
  double least_rank(const Candidate& candidate) const {
    switch (plan_.aim) {
      case Aim::cheapest:
        return evaluator_.least_usd(candidate, evaluator_.given_tokens());
      case Aim::fastest:
        return evaluator_.least_seconds(candidate, evaluator_.given_tokens());
      case Aim::least_loss:
        break;
    }
    const double tokens = space_.free_tokens ? evaluator_.most_tokens(candidate) : evaluator_.given_tokens();
    return tokens > 0.0 ? predicted_loss(scaling_laws[preferred_law], space_.sizes[candidate.size].parameters,
                                         Tokens(tokens))
                        : infinite;
  }

  Loser hardware_loser(const std::string& name, const std::optional<BestFound>& best) {
    const Filter of_it = [&](const Candidate& c) {
      return space_.hardware[space_.sites[c.site].hardware].accelerator == name &&
             (!best || c.size == space_.candidates[best->candidate].size);
    };
    const auto own = best_by_aim(of_it);
    if (!own) return loser_without(name, of_it);
    const Way& way = evaluator_(own->candidate);
    return {"hardware", name, way, reason_against(plan_, way)};
  }

  /// Hardware on which nothing keeps to the limits: its fastest way says by how much.
  Loser loser_without(const std::string& name, const Filter& filter) {
    const std::vector<std::size_t> own = filtered(filter);
    if (own.empty()) return {"hardware", name, std::nullopt, "not offered as whole servers"};
    if (!space_.free_tokens) {
      const auto nearest =
          request_.limits.deadline_seconds ? best_time(filter, false) : best_cost(filter, false, false);
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
      const std::vector<std::size_t> own = filtered(
          [&](const Candidate& c) { return c.site == best.site && c.gpus == gpus && c.size == best.size; });
      const Way& way = evaluator_(own.front());
      const bool is_way = way.problem.empty();
      plan_.losers.push_back({"gpus", counted(static_cast<std::size_t>(gpus), "GPU"),
                              is_way ? std::optional(way) : std::nullopt, reason_against(plan_, way)});
    }
  }

  /// The same on the same number of the same accelerators, from other providers: the best offer of each.
  void add_offer_losers(std::size_t winner) {
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

  /// Of a winner of which nothing is measured: what to take who wants to know more.
  std::string reason_to_doubt() {
    const std::string& name = plan_.winner->accelerator;
    const std::string doubt =
        (space_.steps ? "nothing is measured of " + name
                      : "too little is measured of " + name + " for a prior of its own") +
        ": its efficiency is what other accelerators reach";
    const auto best = best_by_aim([&](const Candidate& candidate) {
      const Hardware& hardware = space_.hardware[space_.sites[candidate.site].hardware];
      return hardware.measured && hardware.accelerator != name;
    });
    if (!best) return doubt;
    const Way& way = evaluator_(best->candidate);
    return doubt + "; the best that is measured: " + render::grouped(way.gpus) + " × " + way.accelerator +
           ", " + reason_against(plan_, way);
  }

  void add_findings(std::size_t winner) {
    plan_.reasons = reasons_for(plan_);
    if (!measured_) plan_.reasons.insert(plan_.reasons.begin() + 1, reason_to_doubt());
    const Candidate& best = space_.candidates[winner];
    if (space_.free_size && space_.sizes.size() > 1) {
      if (best.size + 1 == space_.sizes.size())
        plan_.warnings.emplace_back(
            "this is the largest size that was looked at: a larger model might use the limits better");
      if (best.size == 0)
        plan_.warnings.emplace_back(
            "this is the smallest size that was looked at: a smaller model might use the limits better");
    }
    if (space_.free_size || space_.free_tokens)
      plan_.assumptions.emplace_back(
          "loss: nats per token by scaling laws fitted on one data set and tokenizer each (models show names "
          "them); it compares plans "
          "and promises nothing");
    if (request_.served_tokens > 0.0)
      plan_.assumptions.emplace_back(
          "a served token costs its forward FLOPs at the price per FLOP of the run itself (arXiv "
          "2401.00448)");
  }

  const Request& request_;
  const io::ProfileFolder& profiles_;
  Space space_;
  Evaluator evaluator_;
  Plan plan_;
  bool measured_ = true;  ///< the winner's accelerator
};

}  // namespace

Plan make_plan(const Request& asked, const io::ProfileFolder& profiles) {
  Request request = asked;
  const std::vector<io::YamlNode::Entry>& entries = request.document.entries;
  const bool given = std::any_of(entries.begin(), entries.end(), [](const io::YamlNode::Entry& entry) {
    return io::is_model_key(entry.key);
  });
  if (given && !request.family.empty())
    throw io::InputError(request.family_at, "a family is given, and the model as well",
                         "leave one of them out");
  Limits& limits = request.limits;
  if (!limits.budget_usd && !limits.deadline_seconds)
    throw io::InputError({.file = "plan"}, "nothing to plan against",
                         "give --budget '$100k', --deadline '30 days', or both");
  const bool open = !given || value_of(request.document, "tokens") == nullptr;
  if (open && !limits.budget_usd && value_of(request.document, "gpus") == nullptr)
    throw io::InputError({.file = "plan"}, "without a budget, the most accelerators always win",
                         "give --budget, or the number of accelerators: --gpus 64");
  const bool named = !request.hardware.empty() || value_of(request.document, "gpu") != nullptr ||
                     value_of(request.document, "cluster") != nullptr;
  const io::YamlNode* price = value_of(request.document, "price");
  if (!named && price != nullptr && gives_amount(*price) && value_of(request.document, "own") == nullptr)
    throw io::InputError(price->location, "one price for all accelerators would make the fastest win",
                         "say whose price it is: --hardware h100-sxm-80gb; without --price, the list has one "
                         "for each");
  const bool assumed = open && !limits.deadline_seconds;
  if (assumed) limits.deadline_seconds = usual_deadline_days * seconds_per_day;
  Plan plan = Planner(request, profiles)();
  if (assumed)
    plan.assumptions.insert(plan.assumptions.begin(),
                            "a deadline of 90 days (not given: --deadline); without one, the fewest "
                            "accelerators would win after years");
  return plan;
}

}  // namespace trainbudget::planner
