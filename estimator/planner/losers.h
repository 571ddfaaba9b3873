// What did not win, and why.
#pragma once

#include "planner/chooser.h"

#include <cstddef>
#include <optional>
#include <string>

namespace trainbudget::planner {

/// Adds to the losers of a plan that has its winner, where there is one.
class Losers {
 public:
  /// Holds on to all five.
  Losers(const Request& request, const Space& space, Evaluator& evaluator, Chooser& chooser, Plan& plan)
      : request_(request), space_(space), evaluator_(evaluator), chooser_(chooser), plan_(plan) {}

  /// Of other accelerators the best way to train the winner's model, or what stands against it; of those that
  /// cannot come near, that alone.
  void add_hardware(const std::optional<BestFound>& best);
  /// The winner's model and offer on fewer and more accelerators.
  void add_counts(std::size_t winner);
  /// The same on the same number of the same accelerators, from other providers: the best offer of each.
  void add_offers(std::size_t winner);

 private:
  Loser of_hardware(const std::string& name, const std::optional<BestFound>& best);
  /// Hardware on which nothing keeps to the limits: its fastest way says by how much.
  Loser without_way(const std::string& name, const Filter& filter);

  const Request& request_;
  const Space& space_;
  Evaluator& evaluator_;
  Chooser& chooser_;
  Plan& plan_;
};

}  // namespace trainbudget::planner
