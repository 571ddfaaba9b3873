#include "core/wkv_time.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace trainbudget {
namespace {

/// Points of one sequence length, by B·H.
using PointsOfOneSequence = std::vector<WkvPoint>;

std::map<double, PointsOfOneSequence> rows_of(const WkvTable& table) {
  std::map<double, PointsOfOneSequence> rows;
  for (const WkvPoint& point : table.points)
    rows[point.sequence].push_back(point);
  for (auto& [sequence, row] : rows) {
    std::sort(row.begin(), row.end(), [](const WkvPoint& a, const WkvPoint& b) { return a.heads < b.heads; });
  }
  return rows;
}

bool covers(const PointsOfOneSequence& row, double heads) {
  return heads >= row.front().heads && heads <= row.back().heads;
}

double waves_of(double resident_heads, double heads) {
  return resident_heads > 0.0 ? std::ceil(heads / resident_heads) : 0.0;
}

std::string number(double value) {
  return std::to_string(static_cast<long long>(std::llround(value)));
}

std::string outside(const char* what, double value, double least, double most) {
  return std::string(what) + " " + number(value) + " is beyond the measured " + number(least) +
         (least == most ? "" : " to " + number(most));
}

/// The rows that cover `heads`; all where none does.
std::map<double, PointsOfOneSequence> usable_rows(const std::map<double, PointsOfOneSequence>& rows,
                                                  double heads) {
  std::map<double, PointsOfOneSequence> usable;
  for (const auto& [sequence, row] : rows) {
    if (covers(row, heads)) usable.emplace(sequence, row);
  }
  return usable.empty() ? rows : usable;
}

}  // namespace

double wkv_waves(const WkvTable& table, double heads) {
  return waves_of(table.resident_heads, heads);
}

double wkv_seconds(std::span<const WkvPoint> curve, double resident_heads, double heads) {
  const auto waves = [&](double of) { return waves_of(resident_heads, of); };
  if (heads <= curve.front().heads) return curve.front().seconds;
  if (heads >= curve.back().heads) {
    const double known = waves(curve.back().heads);
    return curve.back().seconds * (known > 0.0 ? waves(heads) / known : heads / curve.back().heads);
  }
  const auto above =
      std::upper_bound(curve.begin(), curve.end(), heads,
                       [](double value, const WkvPoint& point) { return value < point.heads; });
  const auto below = above - 1;
  const double first = waves(below->heads), last = waves(above->heads);
  const double position = first == last ? (heads - below->heads) / (above->heads - below->heads)
                                        : (waves(heads) - first) / (last - first);
  return below->seconds + position * (above->seconds - below->seconds);
}

std::vector<WkvPoint> wkv_curve(const WkvTable& table, double sequence) {
  std::map<double, WkvPoint> curve;
  for (const WkvPoint& point : table.points)
    curve[point.heads] = {point.heads, sequence,
                          wkv_time(table, point.heads, sequence, table.accelerator).seconds};
  std::vector<WkvPoint> points;
  points.reserve(curve.size());
  for (const auto& [heads, point] : curve)
    points.push_back(point);
  return points;
}

WkvTime wkv_time(const WkvTable& table, double heads, double sequence, std::string_view accelerator) {
  const std::map<double, PointsOfOneSequence> rows = usable_rows(rows_of(table), heads);
  WkvTime time{.waves = wkv_waves(table, heads)};
  const auto note = [&](const std::string& why) { time.beyond += (time.beyond.empty() ? "" : "; ") + why; };
  if (accelerator != table.accelerator)
    note("measured on " + table.accelerator + ", not on " + std::string(accelerator));

  const auto above = rows.lower_bound(sequence);  // the first row at or beyond
  const bool exact = above != rows.end() && above->first == sequence;
  const auto nearest = above == rows.end() ? std::prev(above) : above;
  const PointsOfOneSequence& row = nearest->second;
  if (!covers(row, heads)) note(outside("B·H", heads, row.front().heads, row.back().heads));
  if (exact || above == rows.end() || above == rows.begin()) {
    time.seconds = wkv_seconds(row, table.resident_heads, heads) * sequence / nearest->first;
    if (!exact) note(outside("T", sequence, rows.begin()->first, rows.rbegin()->first));
    return time;
  }
  const auto below = std::prev(above);
  const double low = wkv_seconds(below->second, table.resident_heads, heads),
               high = wkv_seconds(row, table.resident_heads, heads);
  time.seconds = low + (sequence - below->first) / (above->first - below->first) * (high - low);
  return time;
}

WkvPoint sweet_spot(const WkvTable& table) {
  const auto rate = [](const WkvPoint& point) { return point.heads * point.sequence / point.seconds; };
  return *std::max_element(table.points.begin(), table.points.end(),
                           [&](const WkvPoint& a, const WkvPoint& b) { return rate(a) < rate(b); });
}

}  // namespace trainbudget
