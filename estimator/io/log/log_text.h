// Lines, numbers and times in log files, which are as processes left them: torn, coloured, interleaved.
// Nothing here throws.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trainbudget::io {

struct LogLine {
  int number = 0;
  std::string_view text;
};

/// Cuts a text that comes in chunks into its lines. A progress bar's carriage returns part a line into
/// several of one number; empty ones are left out. No more than one line is kept.
class LogLines {
 public:
  /// `take` gets each line that has an end; its text is good until `take` returns.
  explicit LogLines(std::function<void(const LogLine&)> take) : take_(std::move(take)) {}

  void feed(std::string_view chunk);
  /// The number of a last line without an end, which may be torn and was not given out; 0 where there is
  /// none.
  int torn() const { return begun_.empty() ? 0 : number_; }
  /// The numbers of the first lines that were too long to be lines of a log, and were left out.
  const std::vector<int>& too_long() const { return too_long_; }

 private:
  void add(std::string_view part);
  void end(char mark);

  std::function<void(const LogLine&)> take_;
  std::string begun_;  ///< of a line that goes on in the next chunk
  std::vector<int> too_long_;
  int number_ = 1;
};

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
