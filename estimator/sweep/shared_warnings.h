// What estimates warn of, said once for all rows that it holds for.
#pragma once

#include "sweep/point.h"
#include "sweep/sweep.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace trainbudget::sweep {

struct SharedWarning {
  std::string text;
  std::vector<std::size_t> rows;  ///< indices, ascending
};

/// In the order in which the rows first have them.
std::vector<SharedWarning> shared_warnings(const std::vector<const Point*>& points);
/// `[{"text": …, "rows": […]}]`, for a report.
nlohmann::ordered_json warnings_json(const std::vector<const Point*>& points);
std::vector<const Point*> pointers_to(std::span<const Point> points);

/// One sentence each, naming the scenarios; of very many, the first ones and how many more.
std::vector<std::string> warning_findings(const Sweep& sweep, std::span<const Point> points);
/// The same for rows that are numbered from 1.
std::vector<std::string> warning_findings(const std::vector<const Point*>& points);

}  // namespace trainbudget::sweep
