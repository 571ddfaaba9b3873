#include "sweep/point.h"

#include "io/scenario_document.h"
#include "sweep/ordered_chunks.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

namespace trainbudget::sweep {
namespace {

using Number = std::optional<double>;

/// What does not fit in memory cannot be run, and so keeps to nothing, asked or not; what is unknown keeps to
/// nothing that is asked of it.
bool meets(const Point& point, const Constraints& wanted) {
  if (!point.fits.value_or(!wanted.fits)) return false;
  if (wanted.deadline_seconds && at(point.wall_time_seconds, wanted.quantile) > *wanted.deadline_seconds)
    return false;
  if (wanted.budget_usd && (!point.bill_usd || at(*point.bill_usd, wanted.quantile) > *wanted.budget_usd))
    return false;
  return true;
}

}  // namespace

Point point_of(const Scenario& scenario, const Constraints& constraints) {
  Estimate result = estimate(scenario);
  Point point{.gpu_hours = result.gpu_hours,
              .wall_time_seconds = result.wall_time_seconds,
              .cost_usd = result.cost_usd,
              .bill_usd = bill_of(result),
              .energy_joules = result.energy_joules,
              .co2_grams = result.co2_grams,
              .model_flops_utilization = result.model_flops_utilization};
  if (const LedgerLine* step = find_line(result, "step_time")) point.step_seconds = step->value;
  if (const LedgerLine* memory = find_line(result, "memory")) {
    point.memory_bytes = memory->value;
    const Quantile asked = constraints.fits ? constraints.quantile : Quantile::p50;
    point.fits = at(memory->value, asked) <= scenario.step->machine.memory_capacity;
  }
  point.warnings = std::move(result.warnings);
  point.meets = meets(point, constraints);
  return point;
}

namespace {

template <Range Point::*Field, double Range::*Which>
Number of_range(const Point& point) {
  return point.problem.empty() ? Number((point.*Field).*Which) : std::nullopt;
}
template <std::optional<Range> Point::*Field, double Range::*Which>
Number of_optional(const Point& point) {
  return point.*Field ? Number((*(point.*Field)).*Which) : std::nullopt;
}

using Source = std::shared_ptr<const std::string>;

/// Gives `where` a copy of the text that it points into; one copy of each text, in `copies`.
void own_source(io::Location& where, std::map<Source, Source>& copies) {
  if (!where.source) return;
  Source& copy = copies[where.source];
  if (!copy) copy = std::make_shared<const std::string>(*where.source);
  where.source = copy;
}

void own_source(io::YamlNode& node, std::map<Source, Source>& copies) {
  own_source(node.location, copies);
  for (io::YamlNode& item : node.items)
    own_source(item, copies);
  for (io::YamlNode::Entry& entry : node.entries) {
    own_source(entry.key_location, copies);
    own_source(entry.value, copies);
  }
}

Sweep with_own_source(Sweep sweep) {
  std::map<Source, Source> copies;
  for (Variant& variant : sweep.variants)
    own_source(variant.document, copies);
  for (Axis& axis : sweep.axes) {
    own_source(axis.location, copies);
    for (io::YamlNode& value : axis.values)
      own_source(value, copies);
  }
  return sweep;
}

constexpr std::array all_metrics{
    Metric{"cost_usd", "Cost", Unit::usd, of_optional<&Point::cost_usd, &Range::p50>},
    Metric{"cost_usd_p10", "Cost P10", Unit::usd, of_optional<&Point::cost_usd, &Range::p10>, false},
    Metric{"cost_usd_p90", "Cost P90", Unit::usd, of_optional<&Point::cost_usd, &Range::p90>, false},
    Metric{"total_usd", "Total", Unit::usd, of_optional<&Point::bill_usd, &Range::p50>},
    Metric{"total_usd_p10", "Total P10", Unit::usd, of_optional<&Point::bill_usd, &Range::p10>, false},
    Metric{"total_usd_p90", "Total P90", Unit::usd, of_optional<&Point::bill_usd, &Range::p90>, false},
    Metric{"wall_time_seconds", "Wall time", Unit::seconds, of_range<&Point::wall_time_seconds, &Range::p50>},
    Metric{"wall_time_seconds_p10", "Wall time P10", Unit::seconds,
           of_range<&Point::wall_time_seconds, &Range::p10>, false},
    Metric{"wall_time_seconds_p90", "Wall time P90", Unit::seconds,
           of_range<&Point::wall_time_seconds, &Range::p90>, false},
    Metric{"gpu_hours", "GPU-hours", Unit::gpu_hours, of_range<&Point::gpu_hours, &Range::p50>},
    Metric{"gpu_hours_p10", "GPU-hours P10", Unit::gpu_hours, of_range<&Point::gpu_hours, &Range::p10>,
           false},
    Metric{"gpu_hours_p90", "GPU-hours P90", Unit::gpu_hours, of_range<&Point::gpu_hours, &Range::p90>,
           false},
    Metric{"energy_joules", "Energy", Unit::joules, of_optional<&Point::energy_joules, &Range::p50>},
    Metric{"energy_joules_p10", "Energy P10", Unit::joules, of_optional<&Point::energy_joules, &Range::p10>,
           false},
    Metric{"energy_joules_p90", "Energy P90", Unit::joules, of_optional<&Point::energy_joules, &Range::p90>,
           false},
    Metric{"co2_grams", "CO2e", Unit::grams, of_optional<&Point::co2_grams, &Range::p50>},
    Metric{"co2_grams_p10", "CO2e P10", Unit::grams, of_optional<&Point::co2_grams, &Range::p10>, false},
    Metric{"co2_grams_p90", "CO2e P90", Unit::grams, of_optional<&Point::co2_grams, &Range::p90>, false},
    Metric{"model_flops_utilization", "Utilisation", Unit::fraction,
           of_range<&Point::model_flops_utilization, &Range::p50>},
    Metric{"step_seconds", "Step time", Unit::seconds, of_optional<&Point::step_seconds, &Range::p50>},
    Metric{"memory_bytes", "Memory", Unit::bytes, of_optional<&Point::memory_bytes, &Range::p50>},
    Metric{"memory_bytes_p10", "Memory P10", Unit::bytes, of_optional<&Point::memory_bytes, &Range::p10>,
           false},
    Metric{"memory_bytes_p90", "Memory P90", Unit::bytes, of_optional<&Point::memory_bytes, &Range::p90>,
           false},
};

}  // namespace

std::span<const Metric> metrics() {
  return all_metrics;
}

PointReader::PointReader(const Sweep& sweep, const io::ProfileFolder& profiles)
    : sweep_(with_own_source(sweep)), profiles_(profiles.root()) {
  documents_.reserve(sweep.variants.size());
  for (const Variant& variant : sweep.variants)
    documents_.push_back(variant.document);
}

Scenario PointReader::scenario(const Place& place, const io::FindLayout& find) {
  io::YamlNode& document = documents_[place.variant];
  for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
    const Axis& axis = sweep_.axes[i];
    const io::YamlNode& value = axis.values[place.values[i]];
    if (io::is_model_key(axis.path)) {
      std::erase_if(document.entries,
                    [](const io::YamlNode::Entry& entry) { return io::is_model_key(entry.key); });
    }
    if (value.kind == io::YamlNode::Kind::null) {
      io::remove_at_path(document, axis.path);
    } else {
      io::set_at_path(document, axis.path, value, axis.location);
    }
  }
  return io::read_scenario(document, profiles_, nullptr, find);
}

Point PointReader::operator()(const Place& place) {
  try {
    return point_of(scenario(place), sweep_.constraints);
  } catch (const io::CombinationError& error) {
    Point point;
    point.problem = error.what();
    std::replace(point.problem.begin(), point.problem.end(), '\n', ' ');
    return point;
  }
}

std::vector<Point> all_points(const Sweep& sweep, const io::ProfileFolder& profiles, int threads) {
  std::vector<Point> points(static_cast<std::size_t>(sweep.size()));
  OrderedChunks work(0, points.size());
  work.run(
      std::min(threads, static_cast<int>(points.size())),
      [&] {
        auto reader = std::make_shared<PointReader>(sweep, profiles);
        return [&sweep, &points, reader](std::uint64_t index) {
          points[static_cast<std::size_t>(index)] = (*reader)(place_of(sweep, index));
          return std::string();
        };
      },
      [](const std::string&) { return true; });
  return points;
}

namespace {

bool is_at(const io::Location& a, const io::Location& b) {
  return a.line == b.line && a.column == b.column;
}

/// "price: {provider: null}": what takes away that which `where` is the place of; empty where it is no place
/// of `mapping`.
std::string removal_of(const io::YamlNode& mapping, const io::Location& where) {
  for (const io::YamlNode::Entry& entry : mapping.entries) {
    if (is_at(entry.key_location, where) || is_at(entry.value.location, where)) return entry.key + ": null";
    const std::string inner = removal_of(entry.value, where);
    if (!inner.empty()) return entry.key + ": {" + inner + "}";
  }
  return {};
}

/// `error` of a scenario that differs from the base, which is fine: what it complains of may be a line of the
/// base, which would not tell which scenario it is.
io::InputError named_error(const Sweep& sweep, const Variant& variant, const io::InputError& error) {
  const std::string removal = removal_of(sweep.variants.front().document, error.location);
  std::string hint = error.hint;
  if (!removal.empty())
    hint += (hint.empty() ? "" : "; ") + ("'" + removal + "' in the scenario takes away what the base has");
  return {error.location, "scenario '" + variant.name + "': " + error.what(), hint};
}

}  // namespace

void check_values(const Sweep& sweep, PointReader& reader) {
  const auto check = [&](const Place& place) {
    try {
      reader(place);
    } catch (const io::InputError& error) {
      if (place.variant == 0) throw;
      throw named_error(sweep, sweep.variants[place.variant], error);
    }
  };
  Place place{.values = std::vector<std::size_t>(sweep.axes.size())};
  for (place.variant = 0; place.variant < sweep.variants.size(); ++place.variant) {
    check(place);
    for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
      // A million values are not read twice: of long ranges, the ends.
      constexpr std::size_t most_checked = 1000;
      const std::size_t count = sweep.axes[axis].values.size();
      for (std::size_t i = 1; i < count; ++i) {
        if (count > most_checked && i + 1 < count) continue;
        place.values[axis] = i;
        check(place);
      }
      place.values[axis] = 0;
    }
  }
}

}  // namespace trainbudget::sweep
