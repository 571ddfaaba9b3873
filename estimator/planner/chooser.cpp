#include "planner/chooser.h"

namespace trainbudget::planner {

std::vector<std::size_t> Chooser::filtered(const Filter& filter) const {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < space_.candidates.size(); ++i) {
    if (filter(space_.candidates[i])) indices.push_back(i);
  }
  return indices;
}

double Chooser::total_usd(const Way& way) const {
  return way.bill_usd ? at(*way.bill_usd, request_.limits.quantile) + way.serving_usd : infinite;
}
double Chooser::seconds(const Way& way) const {
  return at(way.wall_time_seconds, request_.limits.quantile);
}

bool Chooser::keeps(const Way& way) const {
  const Limits& limits = request_.limits;
  return way.problem.empty() && (!limits.deadline_seconds || seconds(way) <= *limits.deadline_seconds) &&
         (!limits.budget_usd || total_usd(way) <= *limits.budget_usd);
}

bool Chooser::may_keep(const Candidate& candidate) const {
  if (space_.free_tokens) return evaluator_.most_tokens(candidate) > 0.0;
  const Limits& limits = request_.limits;
  const double tokens = evaluator_.given_tokens();
  return (!limits.deadline_seconds ||
          evaluator_.least_seconds(candidate, tokens) <= *limits.deadline_seconds) &&
         (!limits.budget_usd || evaluator_.least_usd(candidate, tokens) <= *limits.budget_usd);
}

Ceiling Chooser::within_limits(double tokens) const {
  return {.tokens = tokens,
          .usd = request_.limits.budget_usd.value_or(infinite),
          .seconds = request_.limits.deadline_seconds.value_or(infinite)};
}

std::optional<BestFound> Chooser::best_cost(const Filter& filter, bool keep_deadline, bool keep_budget) {
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

std::optional<BestFound> Chooser::best_time(const Filter& filter, bool keep_budget) {
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

std::optional<BestFound> Chooser::best_loss(std::size_t law, const Filter& filter) {
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

std::optional<BestFound> Chooser::largest_with(double ratio, const Filter& filter) {
  return best_of(
      filtered(filter),
      [&](std::size_t i) -> std::optional<Score> {
        const Candidate& candidate = space_.candidates[i];
        const double parameters = space_.sizes[candidate.size].parameters;
        const double most = evaluator_.most_tokens(candidate);
        if (!(most >= ratio * parameters)) return std::nullopt;
        return Score{-parameters, predicted_loss(scaling_laws[preferred_law], parameters, Tokens(most)), 0.0};
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

std::optional<BestFound> Chooser::best_by_aim(const Filter& filter) {
  switch (aim_) {
    case Aim::cheapest:
      return best_cost(filter, true, true);
    case Aim::fastest:
      return best_time(filter, true);
    case Aim::least_loss:
      break;
  }
  return best_loss(preferred_law, filter);
}

double Chooser::least_rank(const Candidate& candidate) const {
  switch (aim_) {
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

}  // namespace trainbudget::planner
