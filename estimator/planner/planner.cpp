#include "planner/planner.h"

#include "core/quantity.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "planner/chooser.h"
#include "planner/document.h"
#include "planner/evaluator.h"
#include "planner/losers.h"
#include "planner/measured.h"
#include "planner/reasons.h"
#include "render/number_text.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace trainbudget::planner {
namespace {

constexpr double usual_deadline_days = 90.0;

Aim aim_of(const Request& request, const Space& space) {
  if (space.free_size || space.free_tokens) return Aim::least_loss;
  return request.limits.deadline_seconds ? Aim::cheapest : Aim::fastest;
}

class Planner {
 public:
  Planner(const Request& request, const io::ProfileFolder& profiles)
      : request_(request),
        profiles_(profiles),
        space_(make_space(request, profiles)),
        evaluator_(request, space_, profiles),
        chooser_(request, space_, evaluator_, aim_of(request, space_)),
        losers_(request, space_, evaluator_, chooser_, plan_) {}

  Plan operator()() {
    plan_.limits = request_.limits;
    plan_.steps = space_.steps;
    plan_.free_size = space_.free_size;
    plan_.free_tokens = space_.free_tokens;
    plan_.served_tokens = request_.served_tokens;
    plan_.candidates = static_cast<double>(space_.candidates.size());
    plan_.assumptions = space_.assumptions;
    plan_.warnings = space_.warnings;
    plan_.aim = aim_of(request_, space_);
    const bool open = plan_.aim == Aim::least_loss;
    const std::optional<BestFound> best = chooser_.best_by_aim([](const Candidate&) { return true; });
    if (best) {
      take(best->candidate);
      if (open) add_options(best->candidate);
    } else {
      add_misses();
    }
    losers_.add_hardware(best);
    if (best) {
      losers_.add_counts(best->candidate);
      losers_.add_offers(best->candidate);
      add_findings(best->candidate);
    }
    plan_.losers.insert(plan_.losers.end(), space_.excluded.begin(), space_.excluded.end());
    return std::move(plan_);
  }

 private:
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
      if (const auto found = chooser_.best_loss(law, same_place))
        plan_.options.push_back({by_law(law), evaluator_(found->candidate)});
    }
    for (const double ratio : request_.tokens_per_parameter) {
      const std::string asked = fmt::format("{:g} tokens per parameter", ratio);
      if (const auto found = chooser_.largest_with(ratio, same_place)) {
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
      add("cheapest in time: ", chooser_.best_cost(all, true, false));
      add("fastest within the budget: ", chooser_.best_time(all, true));
    }
    if (request_.limits.deadline_seconds) add("fastest of all: ", chooser_.best_time(all, false));
    if (request_.limits.budget_usd) add("cheapest of all: ", chooser_.best_cost(all, false, false));
  }

  /// Of a winner of which nothing or too little is measured: what to take who wants to know more.
  std::string reason_to_doubt() {
    const std::string& name = plan_.winner->accelerator;
    std::string doubt = (space_.steps ? "nothing is measured of " + name
                                      : "too little is measured of " + name + " for a prior of its own") +
                        ": its efficiency is what other accelerators reach";
    const auto best = chooser_.best_by_aim([&](const Candidate& candidate) {
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
  Chooser chooser_;
  Losers losers_;
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
  const bool open = !given || io::value_of(request.document, "tokens") == nullptr;
  if (open && !limits.budget_usd && io::value_of(request.document, "gpus") == nullptr)
    throw io::InputError({.file = "plan"}, "without a budget, the most accelerators always win",
                         "give --budget, or the number of accelerators: --gpus 64");
  const bool named = !request.hardware.empty() || io::value_of(request.document, "gpu") != nullptr ||
                     io::value_of(request.document, "cluster") != nullptr;
  const io::YamlNode* price = io::value_of(request.document, "price");
  if (!named && price != nullptr && gives_amount(*price) && io::value_of(request.document, "own") == nullptr)
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
