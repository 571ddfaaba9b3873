// How lines of a ledger are written: in order, so that what one line computed can be an input of the next.
#pragma once

#include "core/ledger.h"

#include <string>
#include <utility>
#include <vector>

namespace trainbudget {

inline const Provenance computed{.origin = Origin::derived};

inline LedgerInput input(std::string name, Range value, Unit unit, Provenance provenance = computed) {
  return {.name = std::move(name), .value = value, .unit = unit, .provenance = std::move(provenance)};
}

inline LedgerInput input(std::string name, double value, Unit unit, Provenance provenance = computed) {
  return input(std::move(name), exactly(value), unit, std::move(provenance));
}

inline LedgerInput input(std::string name, const Sourced<Range>& number, Unit unit) {
  return input(std::move(name), number.value, unit, number.provenance);
}

inline LedgerInput input(std::string name, const Sourced<double>& number, Unit unit) {
  return input(std::move(name), exactly(number.value), unit, number.provenance);
}

class LedgerWriter {
 public:
  /// Appends a line and returns its value.
  Range add(std::string id, std::string title, Range value, Unit unit, std::string formula,
            std::vector<LedgerInput> inputs) {
    lines_.push_back({std::move(id), std::move(title), value, unit, std::move(formula), std::move(inputs)});
    return value;
  }
  /// The line that was added last; there must be one.
  const LedgerLine& last() const { return lines_.back(); }
  std::vector<LedgerLine> take() { return std::move(lines_); }

 private:
  std::vector<LedgerLine> lines_;
};

}  // namespace trainbudget
