// Searches over several machines: what is ranked, what explains the winner, and why nothing fits.
#include "sweep/layout_ranking.h"

#include "catch.h"
#include "core/layout_space.h"
#include "input_error_of.h"
#include "io/layout_text.h"
#include "io/scenario_document.h"
#include "small_step.h"
#include "sweep/layout_report.h"
#include "sweep/sweep_file.h"

#include <algorithm>
#include <array>

using namespace trainbudget;
using namespace trainbudget::sweep;

namespace {

const io::ProfileFolder& profiles() {
  static const io::ProfileFolder folder(TRAINBUDGET_SOURCE_DIR "/hardware_profiles");
  return folder;
}

LayoutSearch find(const StepPlan& plan, const SearchSpace& space, std::size_t kept) {
  return search_layouts(plan.workload, plan.machine, space, plan.profile.efficiency(), {.kept = kept});
}

const std::string base =
    "base: {model: llama-3-8b, tokens: 1T, cluster: hgx-h100, global_batch: 256, price: $2/h}\n";

Sweep machines_of(const std::string& yaml) {
  return read_sweep(io::parse_yaml(base + yaml, "search.yaml"));
}

LayoutRanking rank(const Sweep& machines, const RankingOptions& options) {
  PointReader reader(machines, profiles());
  return rank_layouts(machines, reader, options, find, [](std::size_t) {});
}

template <class Key>
bool is_sorted_by(const std::vector<RankedLayout>& ranked, const Key& key) {
  return std::is_sorted(ranked.begin(), ranked.end(),
                        [&](const RankedLayout& a, const RankedLayout& b) { return key(a) < key(b); });
}

}  // namespace

TEST_CASE("a ranking over machines has what an estimate of each says, the best by the objective first") {
  const Sweep machines = machines_of("grid: {gpus: [16, 64, 32]}");
  for (const Objective objective : {Objective::time, Objective::cost, Objective::energy}) {
    const LayoutRanking ranking = rank(machines, {.objective = objective, .kept = 20});
    REQUIRE(ranking.best.size() == 20);
    REQUIRE(ranking.machines.size() == 3);
    CHECK(is_sorted_by(ranking.best, [&](const RankedLayout& r) { return *amount_of(r.point, objective); }));
    std::int64_t layouts = 0;
    for (const SearchedMachine& machine : ranking.machines)
      layouts += machine.found.layouts;
    CHECK(ranking.layouts == layouts);
    for (const std::size_t i : {0U, 7U, 19U}) {
      const RankedLayout& ranked = ranking.best[i];
      std::string one = base;
      one.insert(one.rfind('}'), ", gpus: " + std::to_string(std::array{16, 64, 32}[ranked.machine]) +
                                     ", layout: '" + io::layout_text(ranked.candidate.layout) + "'");
      // "dp" is what is left; it cannot be given.
      const std::size_t dp = one.find("dp=");
      one.erase(dp, one.find(',', dp) + 1 - dp);
      const Sweep alone = read_sweep(io::parse_yaml(one + "grid: {global_batch: 256}", "one.yaml"));
      PointReader reader(alone, profiles());
      const Point point = reader(place_of(alone, 0));
      CHECK(point.problem.empty());
      CHECK(point.cost_usd->p50 == ranked.point.cost_usd->p50);
      CHECK(point.wall_time_seconds.p50 == ranked.point.wall_time_seconds.p50);
      CHECK(point.memory_bytes->p50 == ranked.candidate.memory_bytes);
    }
  }
  CHECK(rank(machines, {.objective = Objective::time}).best.front().machine == 1);
  CHECK(rank(machines, {.objective = Objective::cost}).best.front().machine != 1);
}

TEST_CASE("a ranking keeps to a deadline and a budget, or says what comes nearest") {
  Sweep machines = machines_of("grid: {gpus: [16, 64]}");
  const RankingOptions cheapest{.objective = Objective::cost, .kept = 5};
  const double slow = rank(machines, cheapest).best.front().point.wall_time_seconds.p50;
  machines.constraints.deadline_seconds = 0.5 * slow;
  const LayoutRanking sooner = rank(machines, cheapest);
  REQUIRE(sooner.best.size() == 5);
  for (const RankedLayout& ranked : sooner.best)
    CHECK(ranked.point.wall_time_seconds.p50 <= 0.5 * slow);
  CHECK_FALSE(sooner.nearest_miss);
  machines.constraints.budget_usd = 1.0;
  const LayoutRanking none = rank(machines, cheapest);
  CHECK(none.best.empty());
  REQUIRE(none.nearest_miss);
  CHECK(none.nearest_miss->point.cost_usd->p50 > 1.0);
}

TEST_CASE("a search pays a reserved offer to the end of its term, and says so") {
  Sweep machines = machines_of("grid: {gpus: [64]}");
  io::YamlNode reserved = io::parse_yaml("{pricing: reserved_1y, choose: cheapest}", "price.yaml");
  io::set_at_path(machines.variants.front().document, "price", std::move(reserved), {});
  machines.constraints.budget_usd = 1e6;
  const LayoutRanking ranking = rank(machines, {.objective = Objective::cost, .kept = 3});
  CHECK(ranking.best.empty());  // 64 GPUs for a year are more than a million dollars
  machines.constraints.budget_usd = 1e7;
  const LayoutRanking paid = rank(machines, {.objective = Objective::cost, .kept = 3});
  REQUIRE_FALSE(paid.best.empty());
  const RankedLayout& best = paid.best.front();
  const double price = paid.machines.front().scenario->price->value.p50;
  CHECK(best.point.cost_usd->p50 == Approx(64.0 * 8760.0 * price));
  CHECK(best.point.gpu_hours.p50 < 64.0 * 8760.0);
  const std::vector<std::string> findings =
      layout_findings(LayoutReport{.ranking = paid, .constraints = {}, .tokens_given = true});
  CHECK(std::any_of(findings.begin(), findings.end(), [](const std::string& finding) {
    return finding.find("for the term of reserved_1y; the run uses") != std::string::npos;
  }));
}

TEST_CASE("a budget is for the whole bill: contingency can break it") {
  const auto kept = [](const std::string& contingency) {
    Sweep machines = machines_of("grid: {gpus: [64]}");
    if (!contingency.empty())
      io::set_at_path(machines.variants.front().document, "contingency",
                      io::option_value("--contingency", contingency), {});
    const LayoutRanking cheapest = rank(machines, {.objective = Objective::cost, .kept = 1});
    machines.constraints.budget_usd = 1.5 * cheapest.best.front().point.cost_usd->p50;
    return rank(machines, {.objective = Objective::cost, .kept = 1}).best.size();
  };
  CHECK(kept("") == 1);
  CHECK(kept("20%") == 1);
  CHECK(kept("60%") == 0);
}

TEST_CASE("the cheapest is that of the least total, as a budget has it") {
  Sweep machines = machines_of("grid: {gpus: [16, 64]}");
  const RankingOptions cheapest{.objective = Objective::cost, .kept = 1};
  CHECK(rank(machines, cheapest).best.front().machine == 0);  // fewer GPUs wait less for each other
  // People are paid for the time, and 64 GPUs are done in less of it.
  io::set_at_path(machines.variants.front().document, "staff", io::option_value("--staff", "$1M/month"), {});
  const LayoutRanking ranking = rank(machines, cheapest);
  CHECK(ranking.best.front().machine == 1);
  const Point& best = ranking.best.front().point;
  REQUIRE(best.cost_usd);
  CHECK(best.bill_usd->p50 > best.cost_usd->p50);
  CHECK(amount_of(best, Objective::cost) == best.bill_usd->p50);
  const render::Table table =
      layout_table(LayoutReport{.ranking = ranking, .constraints = {}, .tokens_given = true});
  CHECK(std::any_of(table.columns.begin(), table.columns.end(),
                    [](const render::Column& column) { return column.key == "total_usd"; }));
}

TEST_CASE("what would be bought is what a search on the better machine finds, and never slower") {
  const Sweep machines = machines_of("grid: {gpus: 16}");
  const LayoutRanking ranking = rank(machines, {.kept = 2});
  const std::vector<Purchase> bought = purchases(ranking, find);
  REQUIRE(bought.size() == 4);
  for (const Purchase& purchase : bought)
    CHECK(purchase.gain >= 0.0);
  const SearchedMachine& machine = ranking.machines.front();
  StepPlan more = *machine.scenario->step;
  more.machine.memory_capacity += 1e9;
  const LayoutCandidate wanted = find(more, machine.space, 1).best.front();
  CHECK(bought[0].what == "1 GB more memory");
  CHECK(bought[0].best.layout == wanted.layout);
  CHECK(bought[0].gain == Approx(ranking.best.front().candidate.step_seconds / wanted.step_seconds - 1.0));
  CHECK(bought[1].best.memory_bytes > machine.scenario->step->machine.memory_capacity);
  CHECK(bought[1].gain > 0.0);
}

TEST_CASE("the parts of a step are all of it, the largest first") {
  const StepPlan plan = tests::small_step();
  const StepTime step =
      step_time(plan.workload, plan.machine, plan.layout, plan.global_batch, plan.profile.efficiency());
  const std::vector<StepPart> parts = parts_of(step);
  double sum = 0.0;
  for (const StepPart& part : parts)
    sum += part.seconds;
  CHECK(sum == Approx(step.total()));
  CHECK(std::is_sorted(parts.begin(), parts.end(),
                       [](const StepPart& a, const StepPart& b) { return a.seconds > b.seconds; }));
}

TEST_CASE("where nothing fits, the nearest machine is named, and how many accelerators would do") {
  const Sweep machines = machines_of("grid: {model: llama-3.1-405b, gpus: [8, 16]}");
  const LayoutRanking ranking = rank(machines, {});
  CHECK(ranking.best.empty());
  CHECK_FALSE(ranking.nearest_miss);
  const std::optional<std::size_t> nearest = nearest_machine(ranking);
  REQUIRE(nearest == 1U);
  const std::optional<double> times = more_accelerators(ranking.machines[1], find);
  REQUIRE(times);
  SearchSpace space = ranking.machines[1].space;
  const StepPlan& plan = *ranking.machines[1].scenario->step;
  space.accelerators *= *times;
  CHECK_FALSE(find(plan, space, 1).best.empty());
  space.accelerators /= 2.0;
  CHECK(find(plan, space, 1).best.empty());
}

TEST_CASE("hardware that does not go with the rest is left out and named, alone it is an error") {
  Sweep on_a100 = machines_of("grid: {precision: [fp8, bf16], gpus: 16}");
  for (Variant& variant : on_a100.variants)
    io::set_at_path(variant.document, "cluster", io::option_value("--cluster", "hgx-a100-80gb"), {});
  const LayoutRanking ranking = rank(on_a100, {});
  REQUIRE(ranking.machines.size() == 2);
  CHECK_THAT(ranking.machines[0].problem, ContainsSubstring("no peak at fp8"));
  CHECK(ranking.best.front().machine == 1);
  Sweep none = on_a100;
  none.axes[0].values.pop_back();
  none.axes[0].texts.pop_back();
  CHECK_THAT(input_error_of([&] { rank(none, {}); }).what(), ContainsSubstring("no peak at fp8"));
}

TEST_CASE("the space has every kind of parallelism, uneven stages and every level of sharding") {
  const Sweep machines = machines_of("grid: {model: mixtral-8x7b, gpus: 48, global_batch: 96}");
  const LayoutRanking ranking = rank(machines, {});
  const SearchedMachine& machine = ranking.machines.front();
  const StepPlan& plan = *machine.scenario->step;
  const LayoutSpace space(plan.workload, plan.machine, machine.space);
  const auto any = [&](const auto& has) {
    return std::any_of(space.families().begin(), space.families().end(), has);
  };
  CHECK(any([](const LayoutFamily& f) { return f.layout.tensor == 8; }));
  CHECK(any([](const LayoutFamily& f) { return f.layout.context == 2; }));
  CHECK(any([](const LayoutFamily& f) { return f.layout.expert == 8; }));
  CHECK(any([](const LayoutFamily& f) { return f.layout.expert == 4 && f.layout.expert_tensor == 2; }));
  CHECK(any([](const LayoutFamily& f) { return f.layout.sequence_parallel; }));
  CHECK(any([](const LayoutFamily& f) { return f.layout.micro_batch == 2; }));
  CHECK(any([](const LayoutFamily& f) { return f.most_chunks > 1; }));
  // 32 layers on 6 stages.
  CHECK(any([](const LayoutFamily& f) { return f.layout.pipeline == 6 && f.stage_layers == 6; }));
  const Layout replicas{.data = 16};
  const std::vector<StateSharing> sharings = space.sharings(replicas);
  for (const Sharding sharding :
       {Sharding::none, Sharding::optimizer, Sharding::gradients, Sharding::parameters}) {
    CHECK(std::any_of(sharings.begin(), sharings.end(),
                      [&](const StateSharing& s) { return s.sharding == sharding && s.offload_optimizer; }));
  }
  CHECK(std::any_of(sharings.begin(), sharings.end(),
                    [](const StateSharing& s) { return s.shard_group == 8; }));
}
