// The best candidate by each aim, found with bounds (core/plan/best_first.h).
#pragma once

#include "planner/evaluator.h"

#include <functional>
#include <optional>
#include <vector>

namespace trainbudget::planner {

using Filter = std::function<bool(const Candidate&)>;

inline bool any_candidate(const Candidate&) {
  return true;
}

class Chooser {
 public:
  Chooser(const Request& request, const Space& space, Evaluator& evaluator);

  /// What the request wants: the least loss where size or tokens are open, else the cheapest in time, else
  /// the fastest.
  Aim aim() const { return aim_; }
  std::optional<BestFound> best_by_aim(const Filter& filter);

  /// With size and tokens given. A limit that is not kept is ignored.
  std::optional<BestFound> best_cost(const Filter& filter, bool keep_deadline, bool keep_budget);
  std::optional<BestFound> best_time(const Filter& filter, bool keep_budget);
  /// With open size or tokens, within all limits.
  std::optional<BestFound> best_loss(std::size_t law, const Filter& filter);
  /// The largest model with at least `ratio` tokens per parameter.
  std::optional<BestFound> largest_with(double ratio, const Filter& filter);
  /// With size and tokens given: the ways that none beats in both cost and time, limits or not, cheapest
  /// first.
  std::vector<std::size_t> front();

  /// No way of a candidate ranks before this by the aim, whatever its layout.
  double least_rank(const Candidate& candidate) const;
  std::vector<std::size_t> filtered(const Filter& filter) const;

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
  Aim aim_ = Aim::least_loss;
};

}  // namespace trainbudget::planner
