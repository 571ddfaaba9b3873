// Many scenarios from one file: a base, named scenarios that differ from it, and a grid over all of them.
#pragma once

#include "core/quantile.h"
#include "io/yaml_node.h"
#include "sweep/axis.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace trainbudget::sweep {

struct Variant {
  std::string name;
  io::YamlNode document;  ///< the base with its changes
};

/// What a scenario must keep to, as far as it is given.
struct Constraints {
  bool fits = false;                       ///< in memory; needs computed steps
  std::optional<double> deadline_seconds;  ///< of wall time
  std::optional<double> budget_usd;
  Quantile quantile = Quantile::p50;
};

struct Sweep {
  std::string name;
  std::vector<Variant> variants;  ///< the base first, called "base"
  std::vector<Axis> axes;         ///< in the order of the file; the last one varies fastest
  Constraints constraints;
  std::size_t compared_to = 0;       ///< variant that the others are compared to
  std::vector<std::string> columns;  ///< of the table; empty: those that say something
  std::string sort;                  ///< column; empty: as in the file

  /// Scenarios in all. A double, for it may be larger than any integer.
  double size() const;
};

/// One point: a variant and the index of a value on each axis.
struct Place {
  std::size_t variant = 0;
  std::vector<std::size_t> values;
};
Place place_of(const Sweep& sweep, std::uint64_t index);
std::uint64_t index_of(const Sweep& sweep, const Place& place);

}  // namespace trainbudget::sweep
