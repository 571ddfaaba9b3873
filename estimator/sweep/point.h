// One scenario of a sweep, evaluated.
#pragma once

#include "core/estimate.h"
#include "io/profile_folder.h"
#include "io/scenario_file.h"
#include "sweep/sweep.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::sweep {

/// What of an estimate is compared. Where the inputs do not go together, `problem` says why, and there is no
/// more.
struct Point {
  std::string problem;
  Range gpu_hours;
  Range wall_time_seconds;
  std::optional<Range> cost_usd;
  std::optional<Range> bill_usd;  ///< what a budget pays: bill_of() the estimate
  std::optional<Range> energy_joules;
  std::optional<Range> co2_grams;
  Range model_flops_utilization;
  std::optional<Range> step_seconds;  ///< only where steps are computed, as the next two
  std::optional<Range> memory_bytes;  ///< of the fullest accelerator
  std::optional<bool> fits;           ///< its memory at the quantile at which it must fit, else at P50
  std::vector<std::string> warnings;  ///< of the estimate
  bool meets = false;                 ///< the constraints, and fits in memory as far as that is known
};

/// A number of a Point; nothing where the point lacks it.
struct Metric {
  std::string_view key;
  std::string_view title;
  Unit unit;
  std::optional<double> (*value)(const Point& point);
  bool shown = true;  ///< in a table that names no columns
};
/// In the order of a report: the P50 of ranges beside their P10 and P90.
std::span<const Metric> metrics();

Point point_of(const Scenario& scenario, const Constraints& constraints);

/// Evaluates points of one sweep; for one thread.
class PointReader {
 public:
  PointReader(const Sweep& sweep, const io::ProfileFolder& profiles);

  /// The scenario at `place`, its layout found by `find`. Throws InputError.
  Scenario scenario(const Place& place, const io::FindLayout& find = io::find_fastest);
  /// Throws InputError for what is wrong whatever the other values are.
  Point operator()(const Place& place);

 private:
  // Copies of its own down to the source text: threads that count references to one would wait for each
  // other.
  Sweep sweep_;
  io::ProfileFolder profiles_;
  std::vector<io::YamlNode> documents_;  ///< of the variants, with the values last set
};

/// All points of `sweep`, which must be few enough to hold, evaluated on `threads` threads. Throws what the
/// reader throws first in the order of points.
std::vector<Point> all_points(const Sweep& sweep, const io::ProfileFolder& profiles, int threads);

/// Throws InputError for the first value, of any axis or variant, that no scenario can have.
void check_values(const Sweep& sweep, PointReader& reader);

}  // namespace trainbudget::sweep
