// What a finished sweep says: who is cheapest and fastest, which scenarios nobody beats in both, and which
// input moves the cost most.
#pragma once

#include "sweep/point.h"
#include "sweep/sweep.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace trainbudget::sweep {

/// How far one axis moves the bill: the geometric mean over all other inputs at its cheapest and its dearest
/// value, over what fits in memory. `factor` is their ratio.
struct Swing {
  std::string path;
  std::string cheapest;
  std::string dearest;
  double factor = 1.0;
};

struct Analysis {
  /// By the bill, of the points that meet the constraints; ties: the first.
  std::optional<std::size_t> cheapest;
  std::optional<std::size_t> fastest;
  /// Of those too: no other one is as cheap and as fast, and better in one of them. Only where costs are
  /// known.
  std::vector<bool> on_front;
  std::vector<Swing> swings;  ///< the largest first
  bool has_cost = false;      ///< otherwise swings are of GPU-hours
  bool has_total = false;     ///< some bills are of more than GPU-hours
};

/// `points` by index, all of the sweep.
Analysis analyze(const Sweep& sweep, std::span<const Point> points);

}  // namespace trainbudget::sweep
