#include "core/log_intervals.h"

#include "core/samples.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

struct Point {
  const LogRecord* record = nullptr;
  double tokens = 0.0;
  bool restart = false;
};

double median_of(std::vector<double> values, double otherwise) {
  return values.empty() ? otherwise : summarize_samples(std::move(values)).median;
}

/// Median time between records whose steps go on; infinite where there is none.
double usual_seconds_between(const std::vector<Point>& points) {
  std::vector<double> seconds;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const LogRecord& before = *points[i - 1].record;
    const LogRecord& here = *points[i].record;
    if (here.step > before.step && before.time && here.time && *here.time > *before.time)
      seconds.push_back(*here.time - *before.time);
  }
  return median_of(std::move(seconds), HUGE_VAL);
}

/// Keeps one record of each step of a run. A step that is done already was either written by another rank, at
/// the time of the first or, in logs without times, within one record of it; or the run went back to a
/// checkpoint.
std::vector<Point> without_duplicates(const std::vector<Point>& points, std::vector<LogNote>& notes) {
  const double usual_seconds = usual_seconds_between(points);
  std::vector<Point> kept;
  std::size_t run_begin = 0;
  for (Point point : points) {
    const LogRecord& record = *point.record;
    if (kept.empty() || record.starts_run) {
      point.restart = !kept.empty();
      run_begin = kept.size();
      kept.push_back(point);
      continue;
    }
    if (record.step > kept.back().record->step) {
      kept.push_back(point);
      continue;
    }
    const auto same =
        std::lower_bound(kept.begin() + static_cast<std::ptrdiff_t>(run_begin), kept.end(), record.step,
                         [](const Point& other, double step) { return other.record->step < step; });
    const LogRecord& first = *same->record;
    const bool timed = record.time && first.time;
    const bool near_in_time = timed && *record.time - *first.time < usual_seconds;
    const bool near_in_file = !timed && kept.end() - same <= 2 && first.step == record.step;
    if (near_in_time || near_in_file) {
      notes.push_back({record.line, "a step that is reported twice counts once"});
      continue;
    }
    point.restart = true;
    run_begin = kept.size();
    kept.push_back(point);
  }
  return kept;
}

double seconds_between(const Point& before, const Point& here, double steps, bool dated,
                       std::vector<LogNote>& notes) {
  const LogRecord& a = *before.record;
  const LogRecord& b = *here.record;
  if (a.time && b.time) {
    if (*b.time > *a.time) return *b.time - *a.time;
    if (!dated && here.restart && *b.time > 0.0) {
      notes.push_back({b.line, "the clock starts again: the time between the runs is not seen"});
      return *b.time;
    }
    notes.push_back({b.line, "the clock goes back: the usual pace is taken"});
    return -1.0;
  }
  return b.step_seconds ? *b.step_seconds * steps : -1.0;
}

}  // namespace

std::optional<double> tokens_of(const LogRecord& record, const TrainingLog& log, const TrackedRun& run) {
  if (record.tokens) return record.tokens;
  const std::optional<double> length = run.sequence_length ? run.sequence_length : log.sequence_length;
  if (record.samples && length) return *record.samples * *length;
  if (run.tokens_per_step) return record.step * *run.tokens_per_step;
  if (log.sequences_per_step && length) return record.step * *log.sequences_per_step * *length;
  return std::nullopt;
}

std::optional<double> contradicting_batch(const TrainingLog& log, double sequences,
                                          std::optional<double> length) {
  constexpr double rounding = 0.01;  // sequences that are cut short, or packed
  std::optional<double> shown = log.sequences_per_step;
  if (!shown && log.tokens_per_step && length) shown = *log.tokens_per_step / *length;
  return shown && std::fabs(*shown - sequences) > rounding * sequences ? shown : std::nullopt;
}

LogIntervals intervals_of(const TrainingLog& log, const TrackedRun& run) {
  LogIntervals result;
  std::vector<Point> points;
  for (const LogRecord& record : log.records) {
    if (const auto tokens = tokens_of(record, log, run)) points.push_back({&record, *tokens, false});
  }
  points = without_duplicates(points, result.notes);
  if (points.empty()) return result;

  std::vector<double> token_gaps;
  std::vector<double> step_gaps;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i].restart || points[i].tokens <= points[i - 1].tokens) continue;
    token_gaps.push_back(points[i].tokens - points[i - 1].tokens);
    step_gaps.push_back(points[i].record->step - points[i - 1].record->step);
  }
  const Point& first = points.front();
  const double usual_tokens = median_of(std::move(token_gaps), first.tokens);
  const double usual_steps = median_of(std::move(step_gaps), first.record->step);

  // What the first record reports began when its run did, or one usual gap before.
  const double first_tokens = std::fmin(first.tokens, usual_tokens);
  const LogRecord& first_record = *first.record;
  result.tokens_before = first.tokens - first_tokens;
  LogInterval interval{.line = first_record.line,
                       .steps = first_record.step,
                       .tokens = first.tokens,
                       .seconds = -1.0,
                       .worked_tokens = first_tokens,
                       .new_tokens = first_tokens};
  if (first_record.run_start && first_record.time && *first_record.time > *first_record.run_start)
    interval.seconds = *first_record.time - *first_record.run_start;
  else if (first_record.step_seconds)
    interval.seconds = *first_record.step_seconds * std::fmin(first_record.step, usual_steps);
  result.intervals.push_back(interval);
  result.has_times = first_record.time.has_value();

  double highest = first.tokens;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point& before = points[i - 1];
    const Point& here = points[i];
    const double steps =
        here.restart ? std::fmin(usual_steps, here.record->step) : here.record->step - before.record->step;
    const double worked = here.restart ? std::fmin(usual_tokens, here.tokens) : here.tokens - before.tokens;
    result.has_times = result.has_times && here.record->time.has_value();
    if (!(worked > 0.0)) {
      result.notes.push_back({here.record->line, "the tokens do not go on with the steps: left out"});
      continue;
    }
    result.intervals.push_back({.line = here.record->line,
                                .steps = here.record->step,
                                .tokens = std::fmax(highest, here.tokens),
                                .seconds = seconds_between(before, here, steps, log.dated, result.notes),
                                .worked_tokens = worked,
                                .new_tokens = std::fmin(worked, std::fmax(0.0, here.tokens - highest)),
                                .restart = here.restart});
    highest = std::fmax(highest, here.tokens);
  }
  result.tokens = highest;
  result.steps = points.back().record->step;
  if (log.dated) result.last_time = points.back().record->time;
  return result;
}

}  // namespace trainbudget
