#include "sweep/sweep_report.h"

#include "render/json_number.h"
#include "render/number_text.h"
#include "sweep/shared_warnings.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::sweep {
namespace {

using Number = std::optional<double>;
using Json = nlohmann::ordered_json;

/// Metrics that stand beside their difference.
constexpr std::array<std::string_view, 3> compared{"cost_usd", "total_usd", "wall_time_seconds"};

/// The point that `index` is compared to: the same place of the grid in the scenario compared to; of a sweep
/// without scenarios, the first point that could be computed.
std::size_t reference_of(const Sweep& sweep, std::span<const Point> points, std::size_t index) {
  if (sweep.variants.size() == 1) {
    const auto first =
        std::find_if(points.begin(), points.end(), [](const Point& point) { return point.problem.empty(); });
    return first == points.end() ? 0 : static_cast<std::size_t>(first - points.begin());
  }
  Place place = place_of(sweep, index);
  place.variant = sweep.compared_to;
  return static_cast<std::size_t>(index_of(sweep, place));
}

Number ratio(const Number& value, const Number& reference) {
  if (!value || !reference || !(*reference > 0.0)) return std::nullopt;
  return *value / *reference - 1.0;
}

const Metric& metric_named(std::string_view key) {
  const auto found = std::find_if(metrics().begin(), metrics().end(),
                                  [&](const Metric& metric) { return metric.key == key; });
  return *found;
}

bool any_point_has(const Metric& metric, std::span<const Point> points) {
  return std::any_of(points.begin(), points.end(),
                     [&](const Point& point) { return metric.value(point).has_value(); });
}

bool is_column(const Sweep& sweep, std::string_view key) {
  return std::find(sweep.columns.begin(), sweep.columns.end(), key) != sweep.columns.end();
}

/// Whether the table has a column of `metric`: a total only where some bills are of more than GPU-hours.
bool is_shown(const Sweep& sweep, const Analysis& analysis, const Metric& metric) {
  if (!sweep.columns.empty()) return is_column(sweep, metric.key);
  return metric.shown && (analysis.has_total || metric.key != "total_usd");
}

/// Columns of the table, in order.
class TableMaker {
 public:
  TableMaker(const Sweep& sweep, std::span<const Point> points, const Analysis& analysis)
      : sweep_(sweep), points_(points), analysis_(analysis) {
    for (const Metric& metric : metrics()) {
      if (is_shown(sweep, analysis, metric) && any_point_has(metric, points)) metrics_.push_back(&metric);
    }
    for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
      if (sweep.columns.empty() || is_column(sweep, sweep.axes[axis].path)) axes_.push_back(axis);
    }
    constrained_ =
        sweep.constraints.fits || sweep.constraints.deadline_seconds || sweep.constraints.budget_usd;
    problems_ =
        std::any_of(points.begin(), points.end(), [](const Point& point) { return !point.problem.empty(); });
    memory_ = any_point_has(metric_named("memory_bytes"), points);
    front_ = std::count(analysis.on_front.begin(), analysis.on_front.end(), true) > 0;
  }

  render::Table operator()() {
    render::Table table{.columns = columns()};
    table.rows.reserve(points_.size());
    for (const std::size_t index : order())
      table.rows.push_back(row(index));
    return table;
  }

 private:
  std::vector<render::Column> columns() const {
    std::vector<render::Column> columns;
    if (sweep_.variants.size() > 1) columns.push_back({"scenario", "Scenario"});
    for (const std::size_t axis : axes_)
      columns.push_back({sweep_.axes[axis].path, sweep_.axes[axis].path, !sweep_.axes[axis].numbers.empty()});
    for (const Metric* metric : metrics_) {
      columns.push_back({std::string(metric->key), std::string(metric->title), true});
      if (is_compared(*metric)) columns.push_back({std::string(metric->key) + "_difference", "±", true});
    }
    if (memory_) columns.push_back({"fits", "Fits"});
    if (constrained_) columns.push_back({"meets", "Meets"});
    if (front_) columns.push_back({"pareto", "Front"});
    if (problems_) columns.push_back({.key = "problem", .title = "Problem", .right = false, .elastic = true});
    return columns;
  }

  static bool is_compared(const Metric& metric) {
    return std::find(compared.begin(), compared.end(), metric.key) != compared.end();
  }

  std::vector<std::size_t> order() const {
    std::vector<std::size_t> order(points_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (sweep_.sort.empty()) return order;
    const auto axis = std::find_if(sweep_.axes.begin(), sweep_.axes.end(),
                                   [&](const Axis& candidate) { return candidate.path == sweep_.sort; });
    if (axis != sweep_.axes.end()) {
      const auto at = static_cast<std::size_t>(axis - sweep_.axes.begin());
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return place_of(sweep_, a).values[at] < place_of(sweep_, b).values[at];
      });
      return order;
    }
    const Metric& metric = metric_named(sweep_.sort);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const Number left = metric.value(points_[a]);
      const Number right = metric.value(points_[b]);
      return left && (!right || *left < *right);  // what has no value comes last
    });
    return order;
  }

  std::vector<render::Cell> row(std::size_t index) const {
    const Place place = place_of(sweep_, index);
    const Point& point = points_[index];
    const std::size_t reference = reference_of(sweep_, points_, index);
    std::vector<render::Cell> cells;
    if (sweep_.variants.size() > 1) cells.push_back(render::Cell::of(sweep_.variants[place.variant].name));
    for (const std::size_t i : axes_) {
      const Axis& axis = sweep_.axes[i];
      const std::string& text = axis.texts[place.values[i]];
      cells.push_back(axis.numbers.empty() ? render::Cell::of(text)
                                           : render::Cell::of(text, axis.numbers[place.values[i]]));
    }
    for (const Metric* metric : metrics_) {
      const Number value = metric->value(point);
      cells.push_back(value ? render::Cell::of(render::number_text(*value, metric->unit), *value)
                            : render::Cell::unknown());
      if (is_compared(*metric)) {
        const Number difference = ratio(value, metric->value(points_[reference]));
        cells.push_back(index == reference || !difference
                            ? render::Cell{"", std::monostate{}}
                            : render::Cell::of(fmt::format("{:+.1f} %", 100.0 * *difference), *difference));
      }
    }
    const auto yes_or_no = [](const std::optional<bool>& value) {
      return value ? render::Cell{*value ? "yes" : "no", *value} : render::Cell::unknown();
    };
    if (memory_) cells.push_back(yes_or_no(point.fits));
    if (constrained_) cells.push_back(yes_or_no(point.meets));
    if (front_) {
      const bool on_front = analysis_.on_front[index];
      cells.push_back({on_front ? "•" : "", on_front});
    }
    if (problems_) cells.push_back(render::Cell::of(point.problem));
    return cells;
  }

  const Sweep& sweep_;
  std::span<const Point> points_;
  const Analysis& analysis_;
  std::vector<const Metric*> metrics_;
  std::vector<std::size_t> axes_;
  bool constrained_ = false;
  bool problems_ = false;
  bool memory_ = false;
  bool front_ = false;
};

/// Why no point has won.
std::string no_winner_text(const Sweep& sweep, std::span<const Point> points) {
  const auto any = [&](auto holds) { return std::any_of(points.begin(), points.end(), holds); };
  if (!any([](const Point& point) { return point.problem.empty(); }))
    return "None of the scenarios can be computed";
  if (!any([](const Point& point) { return point.problem.empty() && point.fits.value_or(true); }))
    return "None of the scenarios fits in memory" +
           std::string(sweep.constraints.fits && sweep.constraints.quantile == Quantile::p90 ? " at P90"
                                                                                             : "");
  return "None of the scenarios keeps to the constraints";
}

const char* money_word(const Analysis& analysis) {
  return analysis.has_total ? "total" : "cost";
}

std::string winner_text(const Sweep& sweep, std::span<const Point> points, std::size_t index) {
  const Point& point = points[index];
  std::string text = place_text(sweep, place_of(sweep, index)) + ", " +
                     render::number_text(point.wall_time_seconds.p50, Unit::seconds);
  if (point.cost_usd) text += ", " + render::number_text(point.cost_usd->p50, Unit::usd);
  if (point.bill_usd != point.cost_usd)
    text += ", " + render::number_text(point.bill_usd->p50, Unit::usd) + " in total";
  return text;
}

/// The numbers that an axis changes anywhere.
std::vector<const Metric*> moved_by(const Sweep& sweep, std::span<const Point> points, std::size_t axis) {
  std::vector<const Metric*> moved;
  for (const Metric& metric : metrics()) {
    for (std::size_t index = 0; index < points.size(); ++index) {
      Place first = place_of(sweep, index);
      first.values[axis] = 0;
      const Point& other = points[static_cast<std::size_t>(index_of(sweep, first))];
      if (metric.value(points[index]) == metric.value(other)) continue;
      moved.push_back(&metric);
      break;
    }
  }
  return moved;
}

/// Says so where no column of the table shows what an axis changes; else empty.
std::string unmoved_text(const Sweep& sweep, std::span<const Point> points, const Analysis& analysis,
                         std::size_t axis) {
  if (sweep.axes[axis].values.size() < 2) return {};
  const std::vector<const Metric*> moved = moved_by(sweep, points, axis);
  const bool shown = std::any_of(moved.begin(), moved.end(),
                                 [&](const Metric* metric) { return is_shown(sweep, analysis, *metric); });
  if (shown) return {};
  if (moved.empty()) return sweep.axes[axis].path + " changes none of these numbers";
  std::string keys;
  for (const Metric* metric : moved)
    keys += (keys.empty() ? "" : ", ") + std::string(metric->key);
  return sweep.axes[axis].path + " changes no column that is shown, but: " + keys;
}

}  // namespace

render::Table sweep_table(const Sweep& sweep, std::span<const Point> points, const Analysis& analysis) {
  return TableMaker(sweep, points, analysis)();
}

std::vector<std::string> sweep_findings(const Sweep& sweep, std::span<const Point> points,
                                        const Analysis& analysis) {
  std::vector<std::string> findings;
  if (analysis.cheapest) findings.push_back("Cheapest: " + winner_text(sweep, points, *analysis.cheapest));
  if (analysis.fastest) findings.push_back("Fastest: " + winner_text(sweep, points, *analysis.fastest));
  if (!analysis.fastest) findings.push_back(no_winner_text(sweep, points));
  const auto front = std::count(analysis.on_front.begin(), analysis.on_front.end(), true);
  if (front > 0 && points.size() > 1)
    findings.push_back(fmt::format("Front: {} of {} are beaten by none in both {} and time", front,
                                   points.size(), money_word(analysis)));
  for (const Swing& swing : analysis.swings) {
    if (swing.factor <= 1.0) continue;
    findings.push_back(fmt::format("{} moves the {} by a factor of {}: least at {}, most at {}", swing.path,
                                   analysis.has_cost ? money_word(analysis) : "GPU-hours",
                                   render::significant(swing.factor, 3), swing.cheapest, swing.dearest));
  }
  for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
    if (std::string text = unmoved_text(sweep, points, analysis, axis); !text.empty())
      findings.push_back(std::move(text));
  }
  return findings;
}

std::vector<std::string> price_findings(const Sweep& sweep, PointReader& reader) {
  constexpr std::string_view about_price = "price: ";
  std::vector<std::string> findings;
  std::vector<std::string> prices;
  Place place{.values = std::vector<std::size_t>(sweep.axes.size())};
  for (place.variant = 0; place.variant < sweep.variants.size(); ++place.variant) {
    try {
      for (const std::string& assumed : reader.scenario(place).assumptions) {
        if (!assumed.starts_with(about_price)) continue;
        const std::string price = assumed.substr(about_price.size());
        if (std::find(prices.begin(), prices.end(), price) != prices.end()) continue;
        prices.push_back(price);
        findings.push_back("Price of " + sweep.variants[place.variant].name + ": " + price);
      }
    } catch (const io::CombinationError&) {  // its row says so
    }
  }
  if (findings.size() < 2) findings.clear();
  return findings;
}

std::string sweep_json(const Sweep& sweep, std::span<const Point> points, const Analysis& analysis) {
  const auto number = [](const Number& value) { return value ? render::json_number(*value) : Json(nullptr); };
  Json rows = Json::array();
  for (std::size_t index = 0; index < points.size(); ++index) {
    const Place place = place_of(sweep, index);
    const Point& point = points[index];
    const Point& reference = points[reference_of(sweep, points, index)];
    Json inputs = Json::object();
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
      const Axis& axis = sweep.axes[i];
      inputs[axis.path] = axis.numbers.empty() ? Json(axis.texts[place.values[i]])
                                               : render::json_number(axis.numbers[place.values[i]]);
    }
    Json row = {{"scenario", sweep.variants[place.variant].name}, {"inputs", std::move(inputs)}};
    for (const Metric& metric : metrics())
      row[std::string(metric.key)] = number(metric.value(point));
    for (const std::string_view key : compared) {
      const Metric& metric = metric_named(key);
      row[std::string(key) + "_difference"] = number(ratio(metric.value(point), metric.value(reference)));
    }
    row["fits"] = point.fits ? Json(*point.fits) : Json(nullptr);
    row["meets"] = point.meets;
    row["pareto"] = static_cast<bool>(analysis.on_front[index]);
    row["problem"] = point.problem.empty() ? Json(nullptr) : Json(point.problem);
    rows.push_back(std::move(row));
  }
  Json swings = Json::array();
  for (const Swing& swing : analysis.swings) {
    swings.push_back({{"input", swing.path},
                      {"least_at", swing.cheapest},
                      {"most_at", swing.dearest},
                      {"factor", render::json_number(swing.factor)}});
  }
  const auto index_json = [](const std::optional<std::size_t>& index) {
    return index ? Json(*index) : Json(nullptr);
  };
  const char* swing_of = analysis.has_cost ? (analysis.has_total ? "total_usd" : "cost_usd") : "gpu_hours";
  const Json report = {{"schema_version", "1.0"},
                       {"name", sweep.name},
                       {"compared_to", sweep.variants[sweep.compared_to].name},
                       {"rows", std::move(rows)},
                       {"cheapest", index_json(analysis.cheapest)},
                       {"fastest", index_json(analysis.fastest)},
                       {"swing_of", swing_of},
                       {"swings", std::move(swings)},
                       {"warnings", warnings_json(pointers_to(points))}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string place_text(const Sweep& sweep, const Place& place) {
  std::string text;
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    text += (text.empty() ? "" : ", ") + sweep.axes[i].path + " ";
    text += sweep.axes[i].texts[place.values[i]];
  }
  if (sweep.variants.size() == 1) return text;
  return sweep.variants[place.variant].name + (text.empty() ? "" : ": " + text);
}

}  // namespace trainbudget::sweep
