// One dimension of a grid: a key of a scenario and the values it takes.
#pragma once

#include "io/quantity_text.h"
#include "io/yaml_node.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget::sweep {

struct Axis {
  std::string path;  ///< "gpus", "price.provider"
  io::Location location;
  std::optional<io::QuantityKind> kind;  ///< of a key whose values are quantities
  std::vector<io::YamlNode> values;
  std::vector<std::string> texts;  ///< of the values, for people
  std::vector<double> numbers;     ///< SI, price in USD per hour; empty where the values are no quantities
};

/// Most values of one axis.
inline constexpr double most_axis_values = 1e5;

/// A list `[64, 128]`, a range with its step `8..1024*2` or `100B..1T+100B`, or one value. Throws InputError
/// for an empty list, a value named twice, and a range that never ends or is upside down.
Axis read_axis(const std::string& path, const io::YamlNode& node);

}  // namespace trainbudget::sweep
