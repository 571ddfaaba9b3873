#include "planner/evaluator.h"

#include "core/layout_search.h"
#include "core/plan/rules.h"
#include "core/quantity.h"
#include "io/layout_text.h"
#include "io/map_reader.h"
#include "io/scenario_document.h"
#include "io/scenario_file.h"
#include "planner/document.h"
#include "render/number_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace trainbudget::planner {
namespace {

constexpr double most_tokens_of_a_run = 1e19;
constexpr double usual_tokens_per_parameter = 20.0;
/// Tokens are whole steps; where no step is computed, whole millions.
constexpr double tokens_without_steps = 1e6;
constexpr std::size_t most_known_layouts = 64;

}  // namespace

Evaluator::Evaluator(const Request& request, const Space& space, const io::ProfileFolder& profiles)
    : request_(request), space_(space), profiles_(profiles) {
  if (const io::YamlNode* tokens = io::value_of(request.document, "tokens"))
    given_tokens_ = io::read_quantity_value(*tokens, io::QuantityKind::tokens);
  if (!space.steps) return;
  for (const Hardware& hardware : space.hardware) {
    std::vector<double>& row = least_gpu_seconds_.emplace_back();
    for (const Size& size : space.sizes)
      row.push_back(least_gpu_seconds_per_token(*size.workload, hardware.machine, hardware.efficiency) /
                    hardware.whole_run);
  }
}

double Evaluator::gpu_seconds_per_token(const Candidate& candidate) const {
  const std::size_t hardware = space_.sites[candidate.site].hardware;
  if (space_.steps) return least_gpu_seconds_[hardware][candidate.size];
  const Hardware& machine = space_.hardware[hardware];
  return space_.sizes[candidate.size].flops_per_token /
         (machine.peak * machine.utilization.at(candidate.gpus) * machine.whole_run) * (1.0 - 1e-9);
}

double Evaluator::least_seconds(const Candidate& candidate, double tokens) const {
  return tokens * gpu_seconds_per_token(candidate) / candidate.gpus;
}

double Evaluator::least_usd(const Candidate& candidate, double tokens) const {
  const double served = request_.served_tokens * space_.sizes[candidate.size].forward_share;
  return (tokens + served) * gpu_seconds_per_token(candidate) / seconds_per_hour *
         space_.sites[candidate.site].least_usd_per_hour;
}

double Evaluator::most_tokens(const Candidate& candidate) const {
  double most = most_tokens_of_a_run;
  if (request_.limits.deadline_seconds)
    most = std::min(most, *request_.limits.deadline_seconds / least_seconds(candidate, 1.0));
  if (request_.limits.budget_usd && space_.sites[candidate.site].least_usd_per_hour > 0.0) {
    const double served = request_.served_tokens * space_.sites[candidate.site].least_usd_per_hour *
                          space_.sizes[candidate.size].forward_share * gpu_seconds_per_token(candidate) /
                          seconds_per_hour;
    const double per_token =
        gpu_seconds_per_token(candidate) / seconds_per_hour * space_.sites[candidate.site].least_usd_per_hour;
    most = std::min(most, (*request_.limits.budget_usd - served) / per_token);
  }
  return std::max(0.0, most);
}

double Evaluator::batch_of(const Candidate& candidate) const {
  const Size& size = space_.sizes[candidate.size];
  if (size.given_batch > 0.0)
    return size.batch_may_move ? divisible_batch(size.given_batch, candidate.gpus) : size.given_batch;
  const double tokens = space_.free_tokens ? usual_tokens_per_parameter * size.parameters : given_tokens_;
  const double sequences =
      usual_batch_tokens(training_flops(size.parameters, Tokens(tokens))) / size.sequence_length;
  return divisible_batch(sequences, candidate.gpus);
}

io::YamlNode Evaluator::start(const Candidate& candidate, double batch) const {
  const Site& site = space_.sites[candidate.site];
  const Hardware& hardware = space_.hardware[site.hardware];
  const Size& size = space_.sizes[candidate.size];
  io::YamlNode document = request_.document;
  if (!size.model.empty()) put(document, is_number(size.model) ? "params" : "model", size.model);
  if (!hardware.cluster.empty()) {
    io::remove_at_path(document, "gpu");
    put(document, "cluster", hardware.cluster);
  } else if (io::value_of(document, "cluster") == nullptr) {
    put(document, "gpu", hardware.accelerator);
  }
  put(document, "gpus", whole(candidate.gpus));
  if (batch > 0.0) put(document, "global_batch", whole(batch));
  if (site.price.kind == io::YamlNode::Kind::mapping) {
    io::remove_at_path(document, "price");
    io::set_at_path(document, "price", site.price, {});
  }
  return document;
}

double Evaluator::known_to_do(const Candidate& candidate, double batch) {
  std::vector<Layout> known;
  {
    const std::scoped_lock lock(mutex_);
    known = found_;
  }
  const Hardware& hardware = space_.hardware[space_.sites[candidate.site].hardware];
  const Workload& workload = *space_.sizes[candidate.size].workload;
  double least = infinite;
  for (Layout& layout : known) {
    layout.data = 1;
    const double replicas = candidate.gpus / layout.accelerators();
    if (replicas < 1.0 || replicas != std::floor(replicas)) continue;
    layout.data = static_cast<int>(replicas);
    if (!layout_problem(workload, hardware.machine, layout, batch).empty()) continue;
    if (memory_use(workload, layout, batch, hardware.efficiency).peak.total() >
        hardware.memory_share * hardware.machine.memory_capacity)
      continue;
    least =
        std::min(least, step_time(workload, hardware.machine, layout, batch, hardware.efficiency).total());
  }
  return least;
}

Evaluator::FoundLayout Evaluator::layout_of(const Candidate& candidate, double batch, double slowest) {
  const std::size_t place = space_.sites[candidate.site].hardware;
  const std::tuple key(place, candidate.size, candidate.gpus);
  {
    const std::scoped_lock lock(mutex_);
    const auto known = layouts_.find(key);
    if (known != layouts_.end()) {
      const FoundLayout& layout = known->second;
      if (!layout.text.empty() || !layout.problem.empty() || layout.searched_to >= slowest) return layout;
    }
  }
  const Hardware& hardware = space_.hardware[place];
  const auto search_to = [&](double seconds) {
    return search_layouts(
        *space_.sizes[candidate.size].workload, hardware.machine,
        {.accelerators = candidate.gpus, .global_batch = batch, .memory_share = hardware.memory_share},
        hardware.efficiency, {.kept = 1, .slowest_seconds = seconds});
  };
  // What is known to be possible spares the search everything slower. It was found for another size: where
  // the search does not try it for this one (a number of recomputed layers, say), all that is tried may be
  // slower.
  const double possible = request_.search.prune ? known_to_do(candidate, batch) * (1.0 + 1e-9) : infinite;
  LayoutSearch search = search_to(std::min(slowest, possible));
  if (search.best.empty() && possible < slowest) search = search_to(slowest);
  FoundLayout found{.searched_to = slowest};
  if (!search.best.empty()) {
    found.text = io::layout_text(search.best.front().layout);
  } else if (slowest == infinite) {
    found.problem =
        search.nearest.step_seconds == 0.0
            ? "no layout divides the accelerators and a batch of " + whole(batch) + " sequences"
            : "does not fit: " + render::number_text(search.nearest.memory_bytes, Unit::bytes) + " of " +
                  render::number_text(hardware.memory_share * hardware.machine.memory_capacity, Unit::bytes) +
                  " at the least";
  }
  const std::scoped_lock lock(mutex_);
  if (!search.best.empty()) {
    const Layout& layout = search.best.front().layout;
    if (std::find(found_.begin(), found_.end(), layout) == found_.end()) found_.push_back(layout);
    if (found_.size() > most_known_layouts) found_.erase(found_.begin());
  }
  FoundLayout& known = layouts_[key];
  if (known.text.empty() && known.problem.empty() &&
      (!found.text.empty() || found.searched_to > known.searched_to))
    known = found;
  return found;
}

double Evaluator::serving_usd(const Candidate& candidate, double cost, double tokens) const {
  // A served token costs its forward FLOPs, at what the run itself pays for a FLOP.
  return cost / tokens * space_.sizes[candidate.size].forward_share * request_.served_tokens;
}

std::optional<double> Evaluator::share_of_limits(const Candidate& candidate, const Estimate& estimate,
                                                 double tokens) const {
  const Limits& limits = request_.limits;
  double share = 0.0;
  if (limits.deadline_seconds)
    share = at(estimate.wall_time_seconds, limits.quantile) / *limits.deadline_seconds;
  if (limits.budget_usd) {
    if (!estimate.cost_usd) return std::nullopt;
    const double cost = at(*estimate.cost_usd, limits.quantile);
    share = std::max(share, (at(*bill_of(estimate), limits.quantile) + serving_usd(candidate, cost, tokens)) /
                                *limits.budget_usd);
  }
  return share;
}

std::string Evaluator::why_not_one_step(const Estimate& step) const {
  std::string none = "not one step keeps to the limits";
  if (find_line(step, "paid_gpu_hours") == nullptr || !request_.limits.budget_usd) return none;
  const double least = at(*bill_of(step), request_.limits.quantile);
  return least > *request_.limits.budget_usd
             ? "its minimum term is over the budget: " + render::number_text(least, Unit::usd)
             : none;
}

std::optional<Way> Evaluator::evaluate(std::size_t index, const Ceiling& ceiling) {
  const Candidate& candidate = space_.candidates[index];
  const Site& site = space_.sites[candidate.site];
  const Hardware& hardware = space_.hardware[site.hardware];
  const Size& size = space_.sizes[candidate.size];
  Way way{.model = is_number(size.model) ? std::string() : size.model,
          .accelerator = hardware.accelerator,
          .cluster = hardware.cluster,
          .offer = site.label,
          .provider = site.provider,
          .gpus = candidate.gpus,
          .parameters = size.parameters};
  const double batch = space_.steps ? batch_of(candidate) : 0.0;
  const double quantum = space_.steps ? batch * size.sequence_length : tokens_without_steps;
  way.global_batch = batch;
  io::YamlNode document = start(candidate, batch);
  try {
    if (const io::YamlNode* given = io::value_of(request_.document, "layout");
        space_.steps && given != nullptr) {
      way.layout = given->text;
    } else if (space_.steps) {
      const double usd_per_second = candidate.gpus * site.least_usd_per_hour / seconds_per_hour;
      const double served = request_.served_tokens * size.forward_share;
      const double slowest = std::min(ceiling.seconds / ceiling.tokens,
                                      ceiling.usd / usd_per_second / (ceiling.tokens + served));
      const FoundLayout found =
          layout_of(candidate, batch,
                    slowest < infinite ? slowest * quantum * hardware.whole_run * (1.0 + 1e-9) : infinite);
      if (found.text.empty() && found.problem.empty()) return std::nullopt;
      way.layout = found.text;
      way.problem = found.problem;
      if (!way.problem.empty()) return way;
      io::remove_at_path(document, "fit");
      put(document, "layout", found.text);
    }
    const auto read = [&](double tokens) {
      if (space_.free_tokens) put(document, "tokens", whole(tokens));
      return io::read_scenario(document, profiles_);
    };
    way.tokens = given_tokens_;
    if (space_.free_tokens) {
      bool priced = true;
      const double steps = largest_within(
          [&](double k) {
            const std::optional<double> share =
                share_of_limits(candidate, estimate(read(k * quantum)), k * quantum);
            priced = priced && share;
            return share.value_or(infinite);
          },
          std::floor(most_tokens_of_a_run / quantum));
      way.tokens = steps * quantum;
      if (steps < 1.0)
        way.problem = priced ? why_not_one_step(estimate(read(quantum))) : "its price is not known";
      if (!way.problem.empty()) return way;
    }
    const Scenario scenario = read(way.tokens);
    const Estimate result = estimate(scenario);
    way.wall_time_seconds = result.wall_time_seconds;
    way.cost_usd = result.cost_usd;
    way.bill_usd = bill_of(result);
    if (const LedgerLine* price = find_line(result, "price")) way.price_usd_per_gpu_hour = price->value;
    way.gpu_hours = result.gpu_hours.p50;
    const LedgerLine* paid = find_line(result, "paid_gpu_hours");
    way.paid_gpu_hours = paid != nullptr ? paid->value.p50 : way.gpu_hours;
    way.model_flops_utilization = result.model_flops_utilization.p50;
    if (const LedgerLine* memory = find_line(result, "memory")) way.memory_bytes = memory->value.p50;
    if (request_.limits.budget_usd && !way.cost_usd) way.problem = "its price is not known";
    if (way.cost_usd)
      way.serving_usd = serving_usd(candidate, at(*way.cost_usd, request_.limits.quantile), way.tokens);
    if (size.model.empty() && scenario.counted) way.model = scenario.counted->model;
    for (std::size_t i = 0; i < scaling_laws.size(); ++i)
      way.loss[i] = predicted_loss(scaling_laws[i], way.parameters, Tokens(way.tokens));
  } catch (const io::CombinationError& error) {
    way.problem = error.what();
  }
  return way;
}

const Way* Evaluator::within(std::size_t candidate, const Ceiling& ceiling) {
  {
    const std::scoped_lock lock(mutex_);
    const auto known = ways_.find(candidate);
    if (known != ways_.end()) return &known->second;
  }
  std::optional<Way> way = evaluate(candidate, ceiling);
  if (!way) return nullptr;
  const std::scoped_lock lock(mutex_);
  return &ways_.emplace(candidate, std::move(*way)).first->second;
}

io::YamlNode Evaluator::document(std::size_t index, const Way& way) const {
  io::YamlNode document = start(space_.candidates[index], way.global_batch);
  if (space_.free_tokens) put(document, "tokens", whole(way.tokens));
  if (!way.layout.empty()) {
    io::remove_at_path(document, "fit");
    put(document, "layout", way.layout);
  }
  return document;
}

}  // namespace trainbudget::planner
