// The best of the ways to train, by one aim or another.
#pragma once

#include "planner/evaluator.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace trainbudget::planner {

/// Which candidates are looked at.
using Filter = std::function<bool(const Candidate&)>;

/// Searches the candidates of a space. What is passed over cannot be better by bounds that hold for every
/// layout, unless the request says that nothing is.
class Chooser {
 public:
  /// Holds on to all three.
  Chooser(const Request& request, const Space& space, Evaluator& evaluator, Aim aim)
      : request_(request), space_(space), evaluator_(evaluator), aim_(aim) {}

  std::vector<std::size_t> filtered(const Filter& filter) const;

  /// With given tokens: the cheapest, in time or within the budget where that is to be kept.
  std::optional<BestFound> best_cost(const Filter& filter, bool keep_deadline, bool keep_budget);
  /// With given tokens: the fastest.
  std::optional<BestFound> best_time(const Filter& filter, bool keep_budget);
  /// The least loss within the limits, by `law`.
  std::optional<BestFound> best_loss(std::size_t law, const Filter& filter);
  /// The largest model with at least `ratio` tokens per parameter.
  std::optional<BestFound> largest_with(double ratio, const Filter& filter);
  /// What the aim asks for.
  std::optional<BestFound> best_by_aim(const Filter& filter);
  /// No layout of the candidate ranks before this by the aim, from bounds alone.
  double least_rank(const Candidate& candidate) const;

 private:
  double total_usd(const Way& way) const;
  double seconds(const Way& way) const;
  bool keeps(const Way& way) const;
  bool may_keep(const Candidate& candidate) const;
  /// As many tokens, within all limits.
  Ceiling within_limits(double tokens) const;

  const Request& request_;
  const Space& space_;
  Evaluator& evaluator_;
  Aim aim_;
};

}  // namespace trainbudget::planner
