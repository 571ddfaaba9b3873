// Lines, numbers and times in log files, which are as processes left them: torn, coloured, interleaved.
// Nothing here throws.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace trainbudget::io {

struct LogLine {
  int number = 0;
  std::string_view text;
};

/// The lines of `text`; a progress bar's carriage returns part a line into several of one number. A last line
/// without a line end may be torn: it comes back in `torn`, 0 where there is none, and not among the lines.
std::vector<LogLine> log_lines(std::string_view text, int& torn);

/// The number at the start of `text`, spaces aside; NaN for `nan` and infinities; nothing where there is
/// none.
std::optional<double> number_at(std::string_view text);

/// The number that follows `key`, spaces aside: number_after(line, "consumed samples:").
std::optional<double> number_after(std::string_view text, std::string_view key);

/// `2026-11-26 10:15:01.25` at the start of `text`, with `T` or `-` before the hour, `-` between its parts,
/// `,` before the fraction; a time zone is not read. Seconds since 1970-01-01.
std::optional<double> time_at(std::string_view text);

/// The first such time anywhere in `text`.
std::optional<double> find_time(std::string_view text);

}  // namespace trainbudget::io
