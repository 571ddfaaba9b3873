#include "sweep/axis.h"

#include "core/quantity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>

namespace trainbudget::sweep {
namespace {

using io::InputError;
using io::QuantityKind;
using io::YamlNode;

struct KeyKind {
  std::string_view path;
  QuantityKind kind;
  bool takes_range = false;  ///< `40%..55%` is a value, whose uncertainty it tells
};

/// Keys of a scenario whose values are quantities.
constexpr std::array key_kinds{KeyKind{"params", QuantityKind::count},
                               KeyKind{"tokens", QuantityKind::tokens},
                               KeyKind{"gpus", QuantityKind::count},
                               KeyKind{"sequence_length", QuantityKind::count},
                               KeyKind{"global_batch", QuantityKind::tokens},
                               KeyKind{"efficiency", QuantityKind::fraction, true},
                               KeyKind{"price", QuantityKind::usd_per_second, true},
                               KeyKind{"used_gpu_hours", QuantityKind::count},
                               KeyKind{"energy.load_fraction", QuantityKind::fraction, true},
                               KeyKind{"energy.pue", QuantityKind::count, true}};

const KeyKind* known_key(const std::string& path) {
  const auto* found = std::find_if(key_kinds.begin(), key_kinds.end(),
                                   [&](const KeyKind& known) { return known.path == path; });
  return found == key_kinds.end() ? nullptr : found;
}

/// `100B..1T` where only one number can stand: how to count through it.
void require_step(const std::string& path, const YamlNode& node) {
  const KeyKind* known = known_key(path);
  if (known == nullptr || known->takes_range || node.kind != YamlNode::Kind::scalar) return;
  const std::size_t dots = node.text.find("..");
  if (dots == std::string::npos) return;
  const std::string low = node.text.substr(0, dots);
  throw InputError(node.location, "the range '" + node.text + "' has no step",
                   node.text + "*2 doubles, " + node.text + "+" + low + " adds " + low);
}

/// `8..1024*2` in its parts.
struct RangeText {
  std::string low, high, step;
  char how = '+';
};

/// Where the step of a range begins: the last * or + that is no sign of an exponent.
std::size_t step_position(const std::string& text) {
  std::size_t found = std::string::npos;
  for (std::size_t i = text.find("..") + 2; i < text.size(); ++i) {
    const bool exponent = text[i] == '+' && (text[i - 1] == 'e' || text[i - 1] == 'E');
    if ((text[i] == '*' || text[i] == '+') && !exponent) found = i;
  }
  return found;
}

/// Nothing for what is no range with a step: `40%..55%` is one value, whose uncertainty it tells.
std::optional<RangeText> range_text(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar) return std::nullopt;
  const std::size_t dots = node.text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const std::size_t step = step_position(node.text);
  if (step == std::string::npos) return std::nullopt;
  return RangeText{node.text.substr(0, dots), node.text.substr(dots + 2, step - dots - 2),
                   node.text.substr(step + 1), node.text[step]};
}

std::vector<double> values_of(const RangeText& range, QuantityKind kind, const YamlNode& node) {
  const double low = io::parse_quantity(range.low, kind, node.location);
  const double high = io::parse_quantity(range.high, kind, node.location);
  const bool geometric = range.how == '*';
  const double step = io::parse_quantity(range.step, geometric ? QuantityKind::count : kind, node.location);
  if (!(low <= high))
    throw InputError(node.location, "the range '" + node.text + "' is upside down",
                     "write the smaller value first");
  if (geometric ? !(step > 1.0 && low > 0.0) : !(step > 0.0))
    throw InputError(node.location, "the range '" + node.text + "' never ends",
                     "8..1024*2 doubles, 100B..1T+100B adds");
  constexpr double slack = 1e-9;  // so that 0.1, 0.2, … reaches 0.5
  const double steps = geometric ? std::log(high / low) / std::log(step) : (high - low) / step;
  const double count = std::floor(steps + slack) + 1.0;
  if (count > most_axis_values)
    throw InputError(node.location, "the range '" + node.text + "' has more than 100,000 values");
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < static_cast<int>(count); ++i)
    values.push_back(geometric ? low * std::pow(step, i) : low + step * i);
  return values;
}

std::string text_of(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null) return "none";
  if (node.kind == YamlNode::Kind::scalar) {
    std::string line = node.text;
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
  }
  std::string text;
  for (const YamlNode::Entry& entry : node.entries)
    text += (text.empty() ? "" : ", ") + entry.key + ": " + text_of(entry.value);
  for (const YamlNode& item : node.items)
    text += (text.empty() ? "" : ", ") + text_of(item);
  return text;
}

YamlNode scalar(std::string text, const io::Location& where) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = std::move(text);
  node.location = where;
  return node;
}

/// Adds `node`: one value, or a range of them. Quotes make a value of what only looks like a range of names.
void add(Axis& axis, const YamlNode& node) {
  const std::optional<RangeText> range = range_text(node);
  if (!range || (node.quoted && !axis.kind)) {
    require_step(axis.path, node);
    axis.values.push_back(node);
    return;
  }
  if (!axis.kind) {
    throw InputError(node.location, "'" + axis.path + "' is no quantity that can be counted through",
                     "list its values: [a, b, c]");
  }
  for (const double value : values_of(*range, *axis.kind, node))
    axis.values.push_back(scalar(io::format_quantity(value, *axis.kind, 15), node.location));
}

/// The values as numbers, where all of them are: a price as a mapping is none, nor `40%..55%`.
std::vector<double> numbers_of(const Axis& axis) {
  std::vector<double> numbers;
  if (!axis.kind) return numbers;
  numbers.reserve(axis.values.size());
  for (const YamlNode& value : axis.values) {
    if (value.kind != YamlNode::Kind::scalar || value.text.find("..") != std::string::npos) return {};
    try {
      const double number = io::parse_quantity(value.text, *axis.kind, value.location);
      numbers.push_back(*axis.kind == QuantityKind::usd_per_second ? number * seconds_per_hour : number);
    } catch (const InputError&) {
      return {};  // the scenario's reader says what is wrong, or takes it: a profile as an efficiency
    }
  }
  return numbers;
}

}  // namespace

Axis read_axis(const std::string& path, const YamlNode& node) {
  Axis axis{.path = path, .location = node.location};
  if (const KeyKind* known = known_key(path)) axis.kind = known->kind;
  if (node.kind == YamlNode::Kind::sequence) {
    for (const YamlNode& item : node.items)
      add(axis, item);
  } else {
    add(axis, node);
  }
  if (axis.values.empty()) throw InputError(node.location, "'" + path + "' has no values");
  if (static_cast<double>(axis.values.size()) > most_axis_values)
    throw InputError(node.location, "'" + path + "' has more than 100,000 values");
  std::set<std::string_view> seen;
  axis.texts.reserve(axis.values.size());
  for (const YamlNode& value : axis.values)
    axis.texts.push_back(text_of(value));
  for (std::size_t i = 0; i < axis.texts.size(); ++i) {
    if (!seen.insert(axis.texts[i]).second)
      throw InputError(axis.values[i].location, "'" + axis.texts[i] + "' is listed twice in '" + path + "'");
  }
  axis.numbers = numbers_of(axis);
  return axis;
}

}  // namespace trainbudget::sweep
