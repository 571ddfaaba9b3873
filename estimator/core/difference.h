// What two estimates differ in: first what went in, then what came out, and how much of the difference of a
// total each of its factors explains.
#pragma once

#include "core/estimate.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

/// Something that is not a number: the accelerator, an assumption.
struct FactDifference {
  std::string title;
  std::string before;  ///< empty: only the second has it
  std::string after;   ///< empty: only the first has it
};

/// A number of both; nothing on the side that lacks it. `id` is the ledger line.
struct NumberDifference {
  std::string id;
  std::string title;
  Unit unit = Unit::count;
  std::optional<Range> before;
  std::optional<Range> after;
  std::string source_before;  ///< of an input
  std::string source_after;
};

/// A factor's part in the difference of a total.
struct FactorShare {
  std::string title;
  double amount = 0.0;  ///< in the unit of the total; the amounts add up to its difference
};

/// The difference of the medians of a total, taken apart.
struct TotalDifference {
  std::string id;
  std::string title;
  Unit unit = Unit::usd;
  double amount = 0.0;              ///< after − before
  std::vector<FactorShare> shares;  ///< the largest first; factors that are the same are left out
};

struct Difference {
  std::vector<FactDifference> facts;
  std::vector<NumberDifference> inputs;  ///< what somebody gave, measured or assumed
  std::vector<NumberDifference> lines;   ///< of the ledger, computed
  std::vector<TotalDifference> totals;   ///< cost and wall time, where both have them and they differ

  bool empty() const { return facts.empty() && inputs.empty() && lines.empty(); }
};

/// From `before` to `after`. Numbers count as equal when they agree to 11 digits: reports carry 12. A total
/// that is a product of factors is split by the logarithmic mean (Ang 2004, Energy Policy 32, LMDI-I): factor
/// i explains L(a, b) · ln(b_i ÷ a_i), with L(a, b) = (b − a) ÷ ln(b ÷ a). This leaves no remainder; what
/// other terms add to a total is the share of "everything else".
Difference difference(const Estimate& before, const Estimate& after);

}  // namespace trainbudget
