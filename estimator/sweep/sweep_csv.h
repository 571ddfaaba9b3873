// A sweep as CSV, row by row: the place on each axis, then every number in SI units.
#pragma once

#include "sweep/point.h"
#include "sweep/sweep.h"

#include <cstdint>
#include <span>
#include <string>

namespace trainbudget::sweep {

/// The header, with its line end.
std::string csv_header(const Sweep& sweep);
/// Rows of the points from `first` to before `last`.
std::string csv_rows(const Sweep& sweep, PointReader& reader, std::uint64_t first, std::uint64_t last);

/// Rows of all points of a sweep.
std::string csv_rows(const Sweep& sweep, std::span<const Point> points);

/// Points that are evaluated and written together.
inline constexpr std::uint64_t chunk_points = 512;
/// The rows of chunk `chunk`: as many points, or what is left of `total`.
std::string csv_chunk(const Sweep& sweep, PointReader& reader, std::uint64_t chunk, std::uint64_t total);

}  // namespace trainbudget::sweep
