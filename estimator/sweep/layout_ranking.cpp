#include "sweep/layout_ranking.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace trainbudget::sweep {
namespace {

SearchedMachine search_machine(const Sweep& machines, PointReader& reader, const Place& place,
                               const RankingOptions& options, const Find& find) {
  SearchedMachine machine{.hardware = machines.variants[place.variant].name};
  machine.scenario = reader.scenario(place, [&](const StepPlan& plan, SearchSpace space) {
    space.smaller_batches = options.smaller_batches;
    space.zero_bubble = options.zero_bubble;
    space.modules = options.modules;
    machine.space = space;
    return machine.found = find(plan, space, options.kept);
  });
  return machine;
}

/// What a run in the layout of `candidate` comes to.
Point point_in(Scenario scenario, const LayoutCandidate& candidate, const Constraints& constraints) {
  scenario.step->layout = candidate.layout;
  scenario.step->global_batch = candidate.global_batch;
  return point_of(scenario, constraints);
}

bool is_better(const RankedLayout& a, const RankedLayout& b, Objective objective) {
  const auto key = [&](const RankedLayout& ranked) {
    constexpr double unknown = std::numeric_limits<double>::infinity();
    return std::tuple(amount_of(ranked.point, objective).value_or(unknown),
                      ranked.point.wall_time_seconds.p50);
  };
  return key(a) < key(b);
}

}  // namespace

std::optional<double> amount_of(const Point& point, Objective objective) {
  if (objective == Objective::time) return point.wall_time_seconds.p50;
  const std::optional<Range>& amount = objective == Objective::cost ? point.bill_usd : point.energy_joules;
  return amount ? std::optional(amount->p50) : std::nullopt;
}

LayoutRanking rank_layouts(const Sweep& machines, PointReader& reader, const RankingOptions& options,
                           const Find& find, const std::function<void(std::size_t)>& searched) {
  LayoutRanking ranking{.objective = options.objective};
  const auto count = static_cast<std::size_t>(machines.size());
  std::vector<RankedLayout> fitting;
  for (std::size_t index = 0; index < count; ++index) {
    const Place place = place_of(machines, index);
    try {
      ranking.machines.push_back(search_machine(machines, reader, place, options, find));
    } catch (const io::CombinationError& error) {
      const bool none_left =
          index + 1 == count && std::all_of(ranking.machines.begin(), ranking.machines.end(),
                                            [](const SearchedMachine& m) { return !m.problem.empty(); });
      if (none_left) throw;
      ranking.machines.push_back(
          {.hardware = machines.variants[place.variant].name, .problem = error.what()});
    }
    const SearchedMachine& machine = ranking.machines.back();
    ranking.layouts += machine.found.layouts;
    for (const LayoutCandidate& candidate : machine.found.best)
      fitting.push_back({index, candidate, point_in(*machine.scenario, candidate, machines.constraints)});
    searched(index + 1);
  }
  const auto better = [&](const RankedLayout& a, const RankedLayout& b) {
    return is_better(a, b, options.objective);
  };
  std::stable_sort(fitting.begin(), fitting.end(), better);
  for (const RankedLayout& ranked : fitting) {
    if (ranked.point.meets && ranking.best.size() < options.kept) ranking.best.push_back(ranked);
  }
  if (ranking.best.empty() && !fitting.empty()) ranking.nearest_miss = fitting.front();
  return ranking;
}

StepTime step_of(const SearchedMachine& machine, const LayoutCandidate& candidate) {
  const StepPlan& plan = *machine.scenario->step;
  return step_time(plan.workload, plan.machine, candidate.layout, candidate.global_batch,
                   plan.profile.efficiency());
}

std::vector<StepPart> parts_of(const StepTime& step) {
  std::vector<StepPart> parts = {{"matrix products", step.matmul},
                                 {"attention", step.attention},
                                 {"recurrence", step.recurrence},
                                 {"element-wise work", step.elementwise},
                                 {"recomputation", step.recompute},
                                 {"launching", step.launch},
                                 {"tensor communication", step.tensor_communication},
                                 {"context communication", step.context_communication},
                                 {"expert communication", step.expert_communication},
                                 {"pipeline transfers", step.pipeline_communication},
                                 {"pipeline bubble", step.pipeline_bubble},
                                 {"gradient communication", step.data_communication},
                                 {"the optimizer", step.optimizer},
                                 {"stragglers", step.straggler}};
  std::stable_sort(parts.begin(), parts.end(),
                   [](const StepPart& a, const StepPart& b) { return a.seconds > b.seconds; });
  return parts;
}

std::vector<Purchase> purchases(const LayoutRanking& ranking, const Find& find) {
  const RankedLayout& winner = ranking.best.front();
  const SearchedMachine& machine = ranking.machines[winner.machine];
  std::vector<Purchase> bought;
  const auto buy = [&](const std::string& what, const auto& change) {
    StepPlan plan = *machine.scenario->step;
    change(plan.machine);
    const LayoutSearch found = find(plan, machine.space, 1);
    if (found.best.empty()) return;
    const LayoutCandidate& best = found.best.front();
    bought.push_back({what, best, winner.candidate.batch_seconds / best.batch_seconds - 1.0});
  };
  constexpr double gigabyte = 1e9;
  buy("1 GB more memory", [](Machine& better) { better.memory_capacity += gigabyte; });
  buy("memory without end",
      [](Machine& better) { better.memory_capacity = std::numeric_limits<double>::infinity(); });
  // How many links a bandwidth is made of, profiles do not say: one more beside each.
  constexpr std::array names{"a second link between servers", "a second link in the scale-up domain",
                             "a second link in the package"};
  const int tiers = machine.scenario->step->machine.fabric.tiers;
  for (int outer = 0; outer < std::min<int>(tiers, names.size()); ++outer) {
    const auto tier = static_cast<std::size_t>(tiers - 1 - outer);
    buy(names[static_cast<std::size_t>(outer)],
        [tier](Machine& better) { better.fabric.links[tier].bandwidth *= 2.0; });
  }
  return bought;
}

std::optional<std::size_t> nearest_machine(const LayoutRanking& ranking) {
  std::optional<std::size_t> nearest;
  const auto excess = [&](std::size_t index) {
    const SearchedMachine& machine = ranking.machines[index];
    return machine.found.nearest.memory_bytes / machine.scenario->step->machine.memory_capacity;
  };
  for (std::size_t i = 0; i < ranking.machines.size(); ++i) {
    if (ranking.machines[i].found.nearest.step_seconds == 0.0) continue;
    if (!nearest || excess(i) < excess(*nearest)) nearest = i;
  }
  return nearest;
}

std::optional<double> more_accelerators(const SearchedMachine& machine, const Find& find) {
  constexpr double most = 64.0;
  for (double times = 2.0; times <= most; times *= 2.0) {
    SearchSpace space = machine.space;
    space.accelerators *= times;
    if (!find(*machine.scenario->step, space, 1).best.empty()) return times;
  }
  return std::nullopt;
}

}  // namespace trainbudget::sweep
