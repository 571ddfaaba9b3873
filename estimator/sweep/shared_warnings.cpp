#include "sweep/shared_warnings.h"

#include "sweep/sweep_report.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace trainbudget::sweep {
namespace {

constexpr std::size_t most_told = 8;   // warnings
constexpr std::size_t most_named = 4;  // rows or scenarios of one

/// "a, b and 3 more"
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most_named); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most_named) text += fmt::format(" and {} more", names.size() - most_named);
  return text;
}

/// The scenarios all of whose points, those apart that could not be computed, are in `rows`; nothing where
/// some are and some are not.
std::vector<std::string> whole_variants(const Sweep& sweep, std::span<const Point> points,
                                        const std::vector<std::size_t>& rows) {
  const std::size_t size = points.size() / sweep.variants.size();
  std::vector<std::size_t> warned(sweep.variants.size());
  for (const std::size_t row : rows)
    ++warned[row / size];
  std::vector<std::string> names;
  for (std::size_t variant = 0; variant < warned.size(); ++variant) {
    if (warned[variant] == 0) continue;
    const std::span<const Point> of = points.subspan(variant * size, size);
    const auto computed =
        std::count_if(of.begin(), of.end(), [](const Point& point) { return point.problem.empty(); });
    if (warned[variant] != static_cast<std::size_t>(computed)) return {};
    names.push_back(sweep.variants[variant].name);
  }
  return names;
}

std::string rows_text(const Sweep& sweep, std::span<const Point> points,
                      const std::vector<std::size_t>& rows) {
  if (sweep.variants.size() > 1) {
    const std::vector<std::string> names = whole_variants(sweep, points, rows);
    if (!names.empty()) return listed(names);
  }
  std::string first = place_text(sweep, place_of(sweep, rows.front()));
  if (rows.size() == 1) return first;
  return fmt::format("{} of {} scenarios, the first: {}", rows.size(), points.size(), first);
}

std::vector<std::string> told(const std::vector<SharedWarning>& warnings, std::size_t rows,
                              const std::function<std::string(const std::vector<std::size_t>&)>& name) {
  std::vector<std::string> findings;
  for (const SharedWarning& warning : warnings) {
    if (findings.size() == most_told) break;
    const std::string where = warning.rows.size() == rows ? "" : " in " + name(warning.rows);
    findings.push_back("Beware" + where + ": " + warning.text);
  }
  if (warnings.size() > most_told)
    findings.push_back(
        fmt::format("Beware: {} more warnings, all in --format json", warnings.size() - most_told));
  return findings;
}

}  // namespace

std::vector<SharedWarning> shared_warnings(const std::vector<const Point*>& points) {
  std::vector<SharedWarning> warnings;
  std::map<std::string_view, std::size_t> known;
  for (std::size_t row = 0; row < points.size(); ++row) {
    for (const std::string& text : points[row]->warnings) {
      const auto [at, is_new] = known.try_emplace(text, warnings.size());
      if (is_new) warnings.push_back({text, {}});
      std::vector<std::size_t>& rows = warnings[at->second].rows;
      if (rows.empty() || rows.back() != row) rows.push_back(row);
    }
  }
  return warnings;
}

nlohmann::ordered_json warnings_json(const std::vector<const Point*>& points) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const SharedWarning& warning : shared_warnings(points))
    json.push_back({{"text", warning.text}, {"rows", warning.rows}});
  return json;
}

std::vector<const Point*> pointers_to(std::span<const Point> points) {
  std::vector<const Point*> pointers;
  pointers.reserve(points.size());
  for (const Point& point : points)
    pointers.push_back(&point);
  return pointers;
}

std::vector<std::string> warning_findings(const Sweep& sweep, std::span<const Point> points) {
  const auto computed =
      std::count_if(points.begin(), points.end(), [](const Point& point) { return point.problem.empty(); });
  return told(shared_warnings(pointers_to(points)), static_cast<std::size_t>(computed),
              [&](const std::vector<std::size_t>& rows) { return rows_text(sweep, points, rows); });
}

std::vector<std::string> warning_findings(const std::vector<const Point*>& points) {
  return told(shared_warnings(points), points.size(), [](const std::vector<std::size_t>& rows) {
    std::vector<std::string> names;
    names.reserve(rows.size());
    for (const std::size_t row : rows)
      names.push_back("#" + std::to_string(row + 1));
    return listed(names);
  });
}

}  // namespace trainbudget::sweep
