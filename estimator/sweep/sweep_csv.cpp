#include "sweep/sweep_csv.h"

#include "render/table.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/compile.h>

namespace trainbudget::sweep {
namespace {

/// As in JSON: 12 significant digits, so that the last bit of a mathematics library changes no file.
void append_number(std::string& text, double value) {
  fmt::format_to(std::back_inserter(text), FMT_COMPILE("{:.12g}"), value);
}

/// "price" → "price_usd_per_gpu_hour": a column says its unit.
std::string column_key(const Axis& axis) {
  if (axis.numbers.empty()) return axis.path;
  if (axis.kind == io::QuantityKind::usd_per_second) return axis.path + "_usd_per_gpu_hour";
  return axis.path;
}

void append_place(std::string& text, const Sweep& sweep, const Place& place) {
  text += render::csv_field(sweep.variants[place.variant].name);
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    const Axis& axis = sweep.axes[i];
    text += ',';
    if (axis.numbers.empty()) {
      text += render::csv_field(axis.texts[place.values[i]]);
    } else {
      append_number(text, axis.numbers[place.values[i]]);
    }
  }
}

void append_point(std::string& text, const Point& point) {
  for (const Metric& metric : metrics()) {
    text += ',';
    if (const std::optional<double> value = metric.value(point)) append_number(text, *value);
  }
  text += ',';
  if (point.fits) text += *point.fits ? "true" : "false";
  text += point.meets ? ",true," : ",false,";
  text += render::csv_field(point.problem);
}

}  // namespace

std::string csv_header(const Sweep& sweep) {
  std::string text = "scenario";
  for (const Axis& axis : sweep.axes)
    text.append(",").append(render::csv_field(column_key(axis)));
  for (const Metric& metric : metrics())
    text.append(",").append(metric.key);
  return text + ",fits,meets,problem\n";
}

std::string csv_rows(const Sweep& sweep, PointReader& reader, std::uint64_t first, std::uint64_t last) {
  std::string text;
  for (std::uint64_t index = first; index < last; ++index) {
    const Place place = place_of(sweep, index);
    append_place(text, sweep, place);
    append_point(text, reader(place));
    text += '\n';
  }
  return text;
}

std::string csv_rows(const Sweep& sweep, std::span<const Point> points) {
  std::string text;
  for (std::size_t index = 0; index < points.size(); ++index) {
    append_place(text, sweep, place_of(sweep, index));
    append_point(text, points[index]);
    text += '\n';
  }
  return text;
}

std::string csv_chunk(const Sweep& sweep, PointReader& reader, std::uint64_t chunk, std::uint64_t total) {
  const std::uint64_t first = chunk * chunk_points;
  return csv_rows(sweep, reader, first, std::min(first + chunk_points, total));
}

}  // namespace trainbudget::sweep
