#include "sweep/sweep_file.h"

#include "io/map_reader.h"
#include "io/scenario_document.h"
#include "io/sourced_reader.h"
#include "io/suggest.h"
#include "sweep/point.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace trainbudget::sweep {
namespace {

using io::InputError;
using io::MapReader;
using io::QuantityKind;
using io::YamlNode;

constexpr const char* base_name = "base";
constexpr std::array<std::string_view, 3> quantile_words{"p10", "p50", "p90"};

void require_mapping(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::mapping)
    throw InputError(node.location, "'" + what + "' is a mapping of keys to values");
}

std::vector<Variant> read_variants(const YamlNode& base, const YamlNode* scenarios) {
  require_mapping(base, base_name);
  std::vector<Variant> variants{{base_name, base}};
  if (scenarios == nullptr) return variants;
  require_mapping(*scenarios, "scenarios");
  if (scenarios->entries.empty()) throw InputError(scenarios->location, "'scenarios' names none");
  for (const YamlNode::Entry& entry : scenarios->entries) {
    if (entry.key == base_name)
      throw InputError(entry.key_location, "'base' is the scenario that the others differ from",
                       "give this one another name");
    if (entry.key.find('\n') != std::string::npos)
      throw InputError(entry.key_location, "the name of a scenario is one line");
    require_mapping(entry.value, entry.key);
    if (entry.value.entries.empty())
      throw InputError(entry.value.location, "'" + entry.key + "' changes nothing of the base");
    Variant variant{entry.key, base};
    io::overlay(variant.document, entry.value);
    variants.push_back(std::move(variant));
  }
  return variants;
}

std::vector<Axis> read_axes(const YamlNode* grid) {
  std::vector<Axis> axes;
  if (grid == nullptr) return axes;
  require_mapping(*grid, "grid");
  if (grid->entries.empty()) throw InputError(grid->location, "'grid' has no axes");
  axes.reserve(grid->entries.size());
  for (const YamlNode::Entry& entry : grid->entries)
    axes.push_back(read_axis(entry.key, entry.value));
  // One key must not be set by two axes: "price" and "price.provider".
  for (const Axis& axis : axes) {
    for (const Axis& other : axes) {
      if (other.path.starts_with(axis.path + "."))
        throw InputError(other.location, "'" + other.path + "' lies in '" + axis.path + "', an axis as well");
    }
  }
  return axes;
}

double read_above_zero(const YamlNode& node, QuantityKind kind) {
  const double value = io::read_quantity_value(node, kind);
  if (!(value > 0.0) || !std::isfinite(value))
    throw InputError(node.location, std::string(io::quantity_name(kind)) + " above 0 is wanted");
  return value;
}

Constraints read_constraints(const YamlNode* node) {
  Constraints constraints;
  if (node == nullptr) return constraints;
  MapReader map(*node, "constraints");
  if (const YamlNode* fits = map.find("fits")) {
    constraints.fits = io::read_bool(*fits);
    if (!constraints.fits) throw InputError(fits->location, "fits is true, or left out");
  }
  if (const YamlNode* deadline = map.find("deadline"))
    constraints.deadline_seconds = read_above_zero(*deadline, QuantityKind::seconds);
  if (const YamlNode* budget = map.find("budget"))
    constraints.budget_usd = read_above_zero(*budget, QuantityKind::usd);
  if (const YamlNode* quantile = map.find("quantile"))
    constraints.quantile = static_cast<Quantile>(io::read_word(*quantile, "quantile", quantile_words));
  map.finish();
  return constraints;
}

std::string known_column(const YamlNode& node, const Sweep& sweep) {
  std::string word = io::read_string(node);
  std::vector<std::string_view> words;
  for (const Metric& metric : metrics())
    words.push_back(metric.key);
  for (const Axis& axis : sweep.axes)
    words.push_back(axis.path);
  if (std::find(words.begin(), words.end(), word) == words.end())
    throw InputError(node.location, "unknown column '" + word + "'", io::did_you_mean_or_list(word, words));
  return word;
}

void read_report(const YamlNode* node, Sweep& sweep) {
  if (node == nullptr) return;
  MapReader map(*node, "report");
  if (const YamlNode* columns = map.find("columns")) {
    if (columns->kind != YamlNode::Kind::sequence || columns->items.empty())
      throw InputError(columns->location, "'columns' is a list of columns");
    for (const YamlNode& column : columns->items)
      sweep.columns.push_back(known_column(column, sweep));
  }
  if (const YamlNode* sort = map.find("sort")) sweep.sort = known_column(*sort, sweep);
  map.finish();
}

}  // namespace

/// An axis of the grid would take the place of what a scenario sets.
void check_apart(const YamlNode* scenarios, const std::vector<Axis>& axes) {
  if (scenarios == nullptr) return;
  const auto lies_in = [](const std::string& inner, const std::string& outer) {
    return inner == outer || inner.starts_with(outer + ".");
  };
  for (const YamlNode::Entry& scenario : scenarios->entries) {
    for (const YamlNode::Entry& set : scenario.value.entries) {
      for (const Axis& axis : axes) {
        if (lies_in(axis.path, set.key) || lies_in(set.key, axis.path))
          throw InputError(
              set.value.location,
              "'" + scenario.key + "' sets '" + set.key + "', and the grid sets it for every scenario",
              "leave it out of one of the two");
      }
    }
  }
}

Sweep read_sweep(const YamlNode& root) {
  MapReader map(root, "what-if file");
  for (const char* key : {"name", "base", "scenarios", "grid", "constraints", "compare_to", "report"})
    map.find(key);
  if (map.find("schema") != nullptr) io::check_schema(map, "trainbudget/whatif/1");
  map.finish();
  Sweep sweep;
  if (const YamlNode* name = map.find("name")) sweep.name = io::read_string(*name);
  const YamlNode* scenarios = map.find("scenarios");
  const YamlNode* grid = map.find("grid");
  if (scenarios == nullptr && grid == nullptr) {
    throw InputError(root.location, "neither 'scenarios' nor 'grid': there is nothing to compare",
                     "'trainbudget estimate' tells of one scenario");
  }
  sweep.variants = read_variants(map.require(base_name), scenarios);
  sweep.axes = read_axes(grid);
  check_apart(scenarios, sweep.axes);
  sweep.constraints = read_constraints(map.find("constraints"));
  if (const YamlNode* compared = map.find("compare_to")) {
    const std::string name = io::read_string(*compared);
    std::vector<std::string_view> names;
    for (const Variant& variant : sweep.variants)
      names.push_back(variant.name);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw InputError(compared->location, "no scenario is called '" + name + "'",
                       io::did_you_mean_or_list(name, names));
    sweep.compared_to = static_cast<std::size_t>(found - names.begin());
  }
  read_report(map.find("report"), sweep);
  return sweep;
}

}  // namespace trainbudget::sweep
