// The table of formulas. docs/formulas.md has an anchor for each id, with source and range of validity; a
// test keeps the two in step.
#pragma once

#include <span>
#include <string_view>

namespace trainbudget {

struct Formula {
  std::string_view id;
  std::string_view expression;  ///< one line, names as in the ledger inputs
};

std::span<const Formula> all_formulas();

/// The expression of the formula `id`; empty for an unknown id.
std::string_view expression_of(std::string_view id);

}  // namespace trainbudget
