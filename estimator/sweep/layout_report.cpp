#include "sweep/layout_report.h"

#include "io/layout_text.h"
#include "io/quantity_text.h"
#include "render/json_number.h"
#include "render/number_text.h"
#include "sweep/shared_warnings.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::sweep {
namespace {

using Json = nlohmann::ordered_json;
using Number = std::optional<double>;
using render::number_text;

constexpr double shown_share = 0.05;   // of a step's parts
constexpr double least_gain = 0.0005;  // that is told
constexpr double same_seconds = 1e-9;  // what rounding may leave between two equal steps

std::string count_text(double count) {
  return io::format_quantity(count, io::QuantityKind::count, 6);
}

const SearchedMachine& machine_of(const LayoutRanking& ranking, const RankedLayout& ranked) {
  return ranking.machines[ranked.machine];
}

/// How much more of the objective it needs than the best.
Number behind(const LayoutRanking& ranking, const RankedLayout& ranked) {
  const Number least = amount_of(ranking.best.front().point, ranking.objective);
  const Number amount = amount_of(ranked.point, ranking.objective);
  return least && amount ? Number(*amount / *least - 1.0) : std::nullopt;
}

Number median(const std::optional<Range>& range) {
  return range ? Number(range->p50) : std::nullopt;
}

render::Cell cell(const Number& value, Unit unit) {
  return value ? render::Cell::of(number_text(*value, unit), *value) : render::Cell::unknown();
}

/// "on 64 × h100-sxm-80gb", as far as machines differ.
std::string where_text(const LayoutRanking& ranking, const SearchedMachine& machine) {
  if (ranking.machines.size() < 2) return {};
  return fmt::format(" on {} × {}", count_text(machine.scenario->gpus.value),
                     machine.scenario->accelerator.name);
}

/// The chance that the layout fits in the memory.
double fit_of(const SearchedMachine& machine, const LayoutCandidate& candidate) {
  const StepPlan& plan = *machine.scenario->step;
  return fit_probability(candidate.memory_bytes, plan.profile.memory_spread, plan.machine.memory_capacity);
}

std::string bound_text(const LayoutReport& report) {
  const RankedLayout& winner = report.ranking.best.front();
  const SearchedMachine& machine = machine_of(report.ranking, winner);
  const StepTime step = step_of(machine, winner.candidate);
  std::string text;
  for (const StepPart& part : parts_of(step)) {
    const double share = part.seconds / step.total();
    if (share < shown_share) break;
    text += (text.empty() ? "" : ", ") + std::string(part.name) + " " + number_text(share, Unit::fraction);
  }
  return "The best spends its time on " + text;
}

/// The part of the step that the runner-up loses most in.
std::optional<StepPart> largest_loss(const LayoutRanking& ranking, const RankedLayout& winner,
                                     const RankedLayout& runner_up) {
  if (winner.machine != runner_up.machine) return std::nullopt;
  const SearchedMachine& machine = machine_of(ranking, winner);
  const std::vector<StepPart> before = parts_of(step_of(machine, winner.candidate));
  std::optional<StepPart> largest;
  for (const StepPart& after : parts_of(step_of(machine, runner_up.candidate))) {
    const auto same = std::find_if(before.begin(), before.end(),
                                   [&](const StepPart& part) { return part.name == after.name; });
    const double lost = after.seconds - same->seconds;
    if (lost > same_seconds && (!largest || lost > largest->seconds)) largest = StepPart{after.name, lost};
  }
  return largest;
}

std::string runner_up_text(const LayoutReport& report) {
  const LayoutRanking& ranking = report.ranking;
  const RankedLayout& runner_up = ranking.best[1];
  std::string text = "Runner-up: " + io::layout_text(runner_up.candidate.layout) +
                     where_text(ranking, machine_of(ranking, runner_up));
  const Number more = behind(ranking, runner_up);
  if (!more) return text;
  if (*more < least_gain) {
    const bool smaller = runner_up.candidate.memory_bytes < ranking.best.front().candidate.memory_bytes;
    return text + ", as good" + (smaller ? ", in less memory" : "");
  }
  text += fmt::format(", {} {}", number_text(*more, Unit::fraction),
                      ranking.objective == Objective::time ? "slower" : "more");
  if (const auto loss = largest_loss(ranking, ranking.best.front(), runner_up))
    text += fmt::format(": {} more for {}", number_text(loss->seconds, Unit::seconds), loss->name);
  return text;
}

std::string purchase_text(const Purchase& purchase, const RankedLayout& winner) {
  if (purchase.gain < least_gain) return purchase.what + " would buy nothing";
  std::string text =
      fmt::format("{} would make it {} faster", purchase.what, number_text(purchase.gain, Unit::fraction));
  if (purchase.best.layout == winner.candidate.layout) return text;
  return text + fmt::format(", with {} in {}", io::layout_text(purchase.best.layout),
                            number_text(purchase.best.memory_bytes, Unit::bytes));
}

/// What the memory of the fullest accelerator is for, the largest in words.
std::string largest_memory(const SearchedMachine& machine) {
  const StepPlan& plan = *machine.scenario->step;
  const LayoutCandidate& nearest = machine.found.nearest;
  const StageMemory m =
      memory_use(plan.workload, nearest.layout, nearest.global_batch, plan.profile.efficiency()).peak;
  const std::pair<const char*, double> parts[] = {{"weights", m.weights},
                                                  {"gradients", m.gradients},
                                                  {"optimizer states", m.optimizer},
                                                  {"activations", m.activations + m.logits},
                                                  {"the layer in work", m.working},
                                                  {"the allocator and the runtime", m.fixed + m.reserve}};
  const auto* largest = std::max_element(std::begin(parts), std::end(parts),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
  return fmt::format("{} of it for {}", number_text(largest->second, Unit::bytes), largest->first);
}

std::vector<std::string> misfit_findings(const LayoutReport& report) {
  const LayoutRanking& ranking = report.ranking;
  const std::optional<std::size_t> index = nearest_machine(ranking);
  if (!index) return {};
  const SearchedMachine& machine = ranking.machines[*index];
  std::vector<std::string> findings = {fmt::format(
      "None of {} layouts fits{}; the nearest, {}{}, needs {} of {}, {}",
      count_text(static_cast<double>(ranking.layouts)),
      machine.scenario->step->fit == Quantile::p90 ? " at P90" : "",
      io::layout_text(machine.found.nearest.layout), where_text(ranking, machine),
      number_text(
          at(ranged(machine.found.nearest.memory_bytes, machine.scenario->step->profile.memory_spread),
             machine.scenario->step->fit),
          Unit::bytes),
      number_text(machine.scenario->step->machine.memory_capacity, Unit::bytes), largest_memory(machine))};
  const double gpus = machine.scenario->gpus.value;
  findings.push_back(
      report.fits_times
          ? fmt::format("On {} accelerators something fits", count_text(gpus * *report.fits_times))
          : fmt::format("Nor does any on up to {} accelerators", count_text(64.0 * gpus)));
  return findings;
}

std::string missed_text(const LayoutReport& report) {
  const LayoutRanking& ranking = report.ranking;
  const RankedLayout& nearest = *ranking.nearest_miss;
  std::string text =
      fmt::format("None of {} layouts fits and keeps to the constraints; the best, {}{}, takes {}",
                  count_text(static_cast<double>(ranking.layouts)), io::layout_text(nearest.candidate.layout),
                  where_text(ranking, machine_of(ranking, nearest)),
                  number_text(nearest.point.wall_time_seconds.p50, Unit::seconds));
  if (report.constraints.deadline_seconds)
    text += fmt::format(" (deadline: {})", number_text(*report.constraints.deadline_seconds, Unit::seconds));
  if (report.constraints.budget_usd) {
    const Number cost = median(nearest.point.bill_usd);
    text +=
        fmt::format(" and costs {} (budget: {})", cost ? number_text(*cost, Unit::usd) : "what is unknown",
                    number_text(*report.constraints.budget_usd, Unit::usd));
  }
  return text;
}

/// What a commitment adds to the cost that is shown; empty where every paid hour is used.
std::string commitment_text(const SearchedMachine& machine, const RankedLayout& ranked) {
  const std::optional<Commitment>& committed = machine.scenario->commitment;
  if (!committed) return {};
  const double used = ranked.point.gpu_hours.p50;
  const double paid = committed->paid_gpu_hours(used, paid_gpus(*machine.scenario));
  if (paid <= used) return {};
  return fmt::format(
      "The cost is of {}, for {}; the run uses {}", number_text(paid, Unit::gpu_hours),
      committed->provenance.origin == Origin::user ? "the commitment" : committed->provenance.source,
      number_text(used, Unit::gpu_hours));
}

std::vector<const Point*> points_of(const LayoutRanking& ranking) {
  std::vector<const Point*> points;
  for (const RankedLayout& ranked : ranking.best)
    points.push_back(&ranked.point);
  return points;
}

Json machine_json(const SearchedMachine& machine) {
  Json json = {{"hardware", machine.hardware},
               {"problem", machine.problem.empty() ? Json(nullptr) : Json(machine.problem)},
               {"accelerator", nullptr},
               {"cluster", nullptr},
               {"gpus", nullptr},
               {"layouts", machine.found.layouts},
               {"fits", !machine.found.best.empty()},
               {"memory_capacity_bytes", nullptr},
               {"nearest_layout", nullptr},
               {"nearest_memory_bytes", nullptr}};
  if (!machine.scenario) return json;
  json["accelerator"] = machine.scenario->accelerator.name;
  json["cluster"] = machine.scenario->step->cluster;
  json["gpus"] = render::json_number(machine.scenario->gpus.value);
  json["memory_capacity_bytes"] = render::json_number(machine.scenario->step->machine.memory_capacity);
  if (machine.found.nearest.step_seconds > 0.0) {
    json["nearest_layout"] = io::layout_text(machine.found.nearest.layout);
    json["nearest_memory_bytes"] = render::json_number(machine.found.nearest.memory_bytes);
  }
  return json;
}

Json number_json(const Number& value) {
  return value ? render::json_number(*value) : Json(nullptr);
}

Json row_json(const LayoutRanking& ranking, const RankedLayout& ranked, std::size_t rank) {
  const SearchedMachine& machine = machine_of(ranking, ranked);
  const LayoutCandidate& candidate = ranked.candidate;
  return {{"rank", rank},
          {"accelerator", machine.scenario->accelerator.name},
          {"cluster", machine.scenario->step->cluster},
          {"gpus", render::json_number(machine.scenario->gpus.value)},
          {"layout", io::layout_text(candidate.layout)},
          {"global_batch", render::json_number(candidate.global_batch)},
          {"step_seconds", render::json_number(candidate.step_seconds)},
          {"behind", number_json(behind(ranking, ranked))},
          {"model_flops_utilization", render::json_number(ranked.point.model_flops_utilization.p50)},
          {"memory_bytes", render::json_number(candidate.memory_bytes)},
          {"fit_probability", render::json_number(fit_of(machine, candidate))},
          {"wall_time_seconds", render::json_number(ranked.point.wall_time_seconds.p50)},
          {"cost_usd", number_json(median(ranked.point.cost_usd))},
          {"total_usd", number_json(median(ranked.point.bill_usd))},
          {"energy_joules", number_json(median(ranked.point.energy_joules))}};
}

}  // namespace

render::Table layout_table(const LayoutReport& report) {
  const LayoutRanking& ranking = report.ranking;
  const bool several = ranking.machines.size() > 1;
  const bool batches = std::any_of(ranking.best.begin(), ranking.best.end(), [&](const RankedLayout& ranked) {
    return ranked.candidate.global_batch != machine_of(ranking, ranked).space.global_batch;
  });
  const bool totals = std::any_of(ranking.best.begin(), ranking.best.end(), [](const RankedLayout& ranked) {
    return ranked.point.bill_usd != ranked.point.cost_usd;
  });
  constexpr std::array behind_titles{"Slower", "Dearer", "More energy"};
  render::Table table{.columns = {{"rank", "#", true}}};
  if (several) {
    table.columns.push_back({"accelerator", "Hardware"});
    table.columns.push_back({"gpus", "GPUs", true});
  }
  table.columns.push_back({"layout", "Layout"});
  if (batches) table.columns.push_back({"global_batch", "Batch", true});
  for (const render::Column& column : std::vector<render::Column>{
           {"step_seconds", "Step time", true},
           {"behind", behind_titles[static_cast<std::size_t>(ranking.objective)], true},
           {"model_flops_utilization", "Utilisation", true},
           {"memory_bytes", "Memory", true},
           {"fit_probability", "Fits", true},
           {"wall_time_seconds", "Wall time", true},
           {"cost_usd", "Cost", true},
           {"total_usd", "Total", true},
           {"energy_joules", "Energy", true}}) {
    if (totals || column.key != "total_usd") table.columns.push_back(column);
  }
  double rank = 0.0;
  for (const RankedLayout& ranked : ranking.best) {
    rank += 1.0;
    const SearchedMachine& machine = machine_of(ranking, ranked);
    const LayoutCandidate& candidate = ranked.candidate;
    std::vector<render::Cell> row = {render::Cell::of(count_text(rank), rank)};
    if (several) {
      row.push_back(render::Cell::of(machine.scenario->accelerator.name));
      row.push_back(cell(machine.scenario->gpus.value, Unit::count));
    }
    row.push_back(render::Cell::of(io::layout_text(candidate.layout)));
    if (batches) row.push_back(cell(candidate.global_batch, Unit::count));
    row.push_back(cell(candidate.step_seconds, Unit::seconds));
    const Number more = behind(ranking, ranked);
    row.push_back(more == 0.0 ? render::Cell::of("", 0.0) : cell(more, Unit::fraction));
    row.push_back(cell(ranked.point.model_flops_utilization.p50, Unit::fraction));
    row.push_back(cell(candidate.memory_bytes, Unit::bytes));
    row.push_back(cell(fit_of(machine, candidate), Unit::fraction));
    row.push_back(cell(ranked.point.wall_time_seconds.p50, Unit::seconds));
    row.push_back(cell(median(ranked.point.cost_usd), Unit::usd));
    if (totals) row.push_back(cell(median(ranked.point.bill_usd), Unit::usd));
    row.push_back(cell(median(ranked.point.energy_joules), Unit::joules));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<std::string> layout_findings(const LayoutReport& report) {
  const LayoutRanking& ranking = report.ranking;
  std::vector<std::string> findings;
  if (!ranking.best.empty()) {
    const RankedLayout& winner = ranking.best.front();
    findings.push_back(fmt::format(
        "{} layouts searched{}; efficiencies of {}", count_text(static_cast<double>(ranking.layouts)),
        ranking.machines.size() > 1 ? " on " + std::to_string(ranking.machines.size()) + " machines" : "",
        machine_of(ranking, winner).scenario->step->profile.name));
    findings.push_back(bound_text(report));
    if (ranking.best.size() > 1) findings.push_back(runner_up_text(report));
    if (std::string text = commitment_text(machine_of(ranking, winner), winner); !text.empty())
      findings.push_back(std::move(text));
    if (const auto& scatter = machine_of(ranking, winner).scenario->run_scatter)
      findings.push_back(fmt::format(
          "Utilisation, wall time, cost and energy are {:.2f} of what the steps alone would make of them: so "
          "whole runs of an unknown software stack went",
          scatter->value.p50));
    for (const Purchase& purchase : report.purchases)
      findings.push_back(purchase_text(purchase, winner));
    for (std::string& finding : layout_warnings(report))
      findings.push_back(std::move(finding));
  } else if (ranking.nearest_miss) {
    findings.push_back(missed_text(report));
  } else {
    findings = misfit_findings(report);
  }
  for (const SearchedMachine& machine : ranking.machines) {
    if (!machine.problem.empty())
      findings.push_back("Not searched: " + machine.hardware + ": " + machine.problem);
  }
  if (!report.tokens_given)
    findings.push_back("Without --tokens, wall time, cost and energy are of " +
                       io::format_quantity(report.tokens, io::QuantityKind::tokens, 4) + " tokens");
  return findings;
}

std::vector<std::string> layout_warnings(const LayoutReport& report) {
  return warning_findings(points_of(report.ranking));
}

std::string layout_json(const LayoutReport& report) {
  const LayoutRanking& ranking = report.ranking;
  Json machines = Json::array();
  for (const SearchedMachine& machine : ranking.machines)
    machines.push_back(machine_json(machine));
  Json rows = Json::array();
  for (std::size_t i = 0; i < ranking.best.size(); ++i)
    rows.push_back(row_json(ranking, ranking.best[i], i + 1));
  Json bound_by = Json::array();
  Json runner_up = nullptr;
  if (!ranking.best.empty()) {
    const RankedLayout& winner = ranking.best.front();
    const StepTime step = step_of(machine_of(ranking, winner), winner.candidate);
    for (const StepPart& part : parts_of(step)) {
      if (part.seconds > 0.0)
        bound_by.push_back({{"part", part.name},
                            {"seconds", render::json_number(part.seconds)},
                            {"share", render::json_number(part.seconds / step.total())}});
    }
    if (ranking.best.size() > 1) {
      const auto loss = largest_loss(ranking, winner, ranking.best[1]);
      runner_up = {{"behind", number_json(behind(ranking, ranking.best[1]))},
                   {"part", loss ? Json(loss->name) : Json(nullptr)},
                   {"seconds_more", loss ? render::json_number(loss->seconds) : Json(nullptr)}};
    }
  }
  Json purchases = Json::array();
  for (const Purchase& purchase : report.purchases) {
    purchases.push_back({{"what", purchase.what},
                         {"gain", render::json_number(std::max(0.0, purchase.gain))},
                         {"layout", io::layout_text(purchase.best.layout)},
                         {"step_seconds", render::json_number(purchase.best.step_seconds)},
                         {"memory_bytes", render::json_number(purchase.best.memory_bytes)}});
  }
  Json miss = nullptr;
  if (ranking.nearest_miss)
    miss = row_json(
        {.objective = ranking.objective, .machines = ranking.machines, .best = {*ranking.nearest_miss}},
        *ranking.nearest_miss, 1);
  const Json json = {{"schema_version", "1.0"},
                     {"objective", objective_words[static_cast<std::size_t>(ranking.objective)]},
                     {"tokens", render::json_number(report.tokens)},
                     {"tokens_given", report.tokens_given},
                     {"layouts", ranking.layouts},
                     {"rows", std::move(rows)},
                     {"bound_by", std::move(bound_by)},
                     {"runner_up", std::move(runner_up)},
                     {"purchases", std::move(purchases)},
                     {"nearest_miss", std::move(miss)},
                     {"fits_on_times_the_gpus", number_json(report.fits_times)},
                     {"machines", std::move(machines)},
                     {"warnings", warnings_json(points_of(ranking))}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace trainbudget::sweep
