#include "core/progress.h"

#include "core/log_intervals.h"
#include "core/quantile.h"
#include "core/quantity.h"
#include "core/samples.h"

#include <algorithm>
#include <cmath>

namespace trainbudget {
namespace {

// A pause is an interruption from a minute on, where it is half as long again as the steps take, and beyond
// six standard deviations of their pace, robustly measured.
constexpr double shortest_interruption_seconds = 60.0;
constexpr double longer_by = 0.5;
constexpr double deviations = 6.0;
constexpr double deviation_of_mad = 1.4826;  ///< of a Gaussian
constexpr std::size_t neighbours = 10;       ///< on either side, that set the local pace

// The forecast: spread between at most ten blocks, beside what two blocks that differ by 20 % would say.
constexpr std::size_t most_blocks = 10;
constexpr std::size_t least_in_block = 4;
constexpr double assumed_spread = 0.2;
constexpr double assumed_weight = 2.0;

constexpr std::size_t least_for_trend = 8;
constexpr std::size_t most_for_trend = 400;
constexpr std::size_t least_recent = 5;
constexpr std::size_t most_recent = 100;

double median(std::vector<double> values) {
  return summarize_samples(std::move(values)).median;
}

/// Seconds per token without interruptions, around each interval.
struct MeasuredPace {
  std::vector<double> local;
  double deviation = 0.0;  ///< of single intervals around it
};

bool is_timed(const LogInterval& interval) {
  return interval.seconds > 0.0;
}

/// A record of step 0 has no work before it.
bool has_pace(const LogInterval& interval) {
  return is_timed(interval) && interval.worked_tokens > 0.0;
}

MeasuredPace pace_of(const std::vector<LogInterval>& intervals) {
  std::vector<std::size_t> timed;
  std::vector<double> paces;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    // The first one may hold the start of the processes, those after a restart what went wrong.
    if (!has_pace(intervals[i]) || intervals[i].restart || (i == 0 && intervals.size() > 2)) continue;
    timed.push_back(i);
    paces.push_back(intervals[i].seconds / intervals[i].worked_tokens);
  }
  if (timed.empty()) {  // nothing but restarts: their pace is better than none
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      if (!has_pace(intervals[i])) continue;
      timed.push_back(i);
      paces.push_back(intervals[i].seconds / intervals[i].worked_tokens);
    }
  }
  MeasuredPace pace;
  std::vector<double> distances;
  std::size_t nearest = 0;  // the first timed interval at or behind i
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    while (nearest < timed.size() && timed[nearest] < i)
      ++nearest;
    const std::size_t begin = nearest > neighbours ? nearest - neighbours : 0;
    const std::size_t end = std::min(nearest + neighbours + 1, timed.size());
    const auto at = [&](std::size_t index) { return paces.begin() + static_cast<std::ptrdiff_t>(index); };
    const std::size_t from = std::min(begin, timed.size() - 1);
    pace.local.push_back(median(std::vector<double>(at(from), at(std::max(end, from + 1)))));
    if (nearest < timed.size() && timed[nearest] == i)
      distances.push_back(std::fabs(paces[nearest] - pace.local.back()));
  }
  pace.deviation = deviation_of_mad * median(std::move(distances));
  return pace;
}

/// Marks the intervals with an interruption and adds these to `progress`.
std::vector<bool> find_interruptions(const std::vector<LogInterval>& intervals, const MeasuredPace& pace,
                                     Progress& progress) {
  std::vector<bool> interrupted(intervals.size(), false);
  for (std::size_t i = 1; i < intervals.size(); ++i) {
    const LogInterval& here = intervals[i];
    const double usual = pace.local[i] * here.worked_tokens;
    const double excess = here.seconds - usual;
    const double threshold = std::max(
        {shortest_interruption_seconds, longer_by * usual, deviations * pace.deviation * here.worked_tokens});
    const double repeated = here.worked_tokens - here.new_tokens;
    if (!here.restart && repeated > 0.0 && !progress.interruptions.empty()) {
      progress.interruptions.back().repeated_tokens += repeated;  // still behind where it was
    }
    if (!here.restart && excess < threshold) continue;
    interrupted[i] = true;
    progress.interruptions.push_back({.line = here.line,
                                      .tokens = intervals[i - 1].tokens,
                                      .lost_seconds = std::fmax(0.0, excess),
                                      .restart = here.restart,
                                      .repeated_tokens = here.restart ? repeated : 0.0});
    progress.lost_seconds += std::fmax(0.0, excess);
  }
  return interrupted;
}

/// Means of at most most_for_trend groups of consecutive values.
std::vector<double> thinned(const std::vector<double>& values) {
  const std::size_t groups = std::min(values.size(), most_for_trend);
  std::vector<double> means;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t begin = g * values.size() / groups;
    const std::size_t end = (g + 1) * values.size() / groups;
    double sum = 0.0;
    for (std::size_t i = begin; i < end; ++i)
      sum += values[i];
    means.push_back(sum / static_cast<double>(end - begin));
  }
  return means;
}

/// Theil 1950, Sen 1968 (JASA 63): the median of the slopes between all pairs; Mann 1945 and Kendall: the
/// pairs that rise less those that fall, against their variance without a trend.
std::optional<Trend> trend_of(const std::vector<double>& tokens_per_second) {
  if (tokens_per_second.size() < least_for_trend) return std::nullopt;
  const std::vector<double> values = thinned(tokens_per_second);
  const auto n = static_cast<double>(values.size());
  std::vector<double> slopes;
  double rising = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      slopes.push_back((std::log(values[j]) - std::log(values[i])) / static_cast<double>(j - i));
      rising += values[j] > values[i] ? 1.0 : values[j] < values[i] ? -1.0 : 0.0;
    }
  }
  const double deviation = std::sqrt(n * (n - 1.0) * (2.0 * n + 5.0) / 18.0);
  constexpr double at_5_percent = 1.96;
  return Trend{.change = std::expm1(median(std::move(slopes)) * (n - 1.0)),
               .is_clear = std::fabs(rising) - 1.0 > at_5_percent * deviation};
}

/// Logarithms of seconds per new token, by block of consecutive intervals.
std::vector<double> block_paces(const std::vector<LogInterval>& intervals,
                                const std::vector<double>& seconds) {
  const std::size_t count = std::clamp(intervals.size() / least_in_block, std::size_t{1}, most_blocks);
  std::vector<double> paces;
  double time = 0.0;
  double tokens = 0.0;
  std::size_t block = 0;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    time += seconds[i];
    tokens += intervals[i].new_tokens;
    if (i + 1 < (block + 1) * intervals.size() / count) continue;
    ++block;
    if (!(tokens > 0.0)) continue;  // all of it repeated: its time goes to the next block
    paces.push_back(std::log(time / tokens));
    time = tokens = 0.0;
  }
  return paces;
}

/// P50 of the time that remains, and the factor to P90.
void forecast(double seconds_per_token, const std::vector<double>& paces, Progress& progress) {
  const double remaining = std::fmax(0.0, progress.total_tokens - progress.tokens);
  double mean = 0.0;
  for (const double pace : paces)
    mean += pace / static_cast<double>(paces.size());
  double squares = 0.0;
  for (const double pace : paces)
    squares += (pace - mean) * (pace - mean);
  const auto blocks = static_cast<double>(std::max(paces.size(), std::size_t{1}));
  const double freedom = assumed_weight + blocks - 1.0;
  progress.blocks = static_cast<int>(paces.size());
  if (paces.size() > 1) progress.observed_spread = std::sqrt(squares / (blocks - 1.0));
  progress.block_spread = std::sqrt((assumed_weight * assumed_spread * assumed_spread + squares) / freedom);
  // The mean of the past is known from `blocks` of them, that of the rest is over as many as it has.
  const double rest = std::fmax(1.0, remaining / progress.tokens * blocks);
  const double deviation = progress.block_spread * std::sqrt(1.0 / blocks + 1.0 / rest);
  const double factor = std::exp(std::fmin(3.0, student_p90(static_cast<int>(freedom)) * deviation));
  const double p50 = remaining * seconds_per_token;
  progress.remaining_seconds = {p50 / factor, p50, p50 * factor};
}

}  // namespace

std::string progress_problem(const TrainingLog& log, const TrackedRun& run) {
  bool counts_samples = false;
  for (const LogRecord& record : log.records)
    counts_samples = counts_samples || record.samples.has_value();
  const LogIntervals read = intervals_of(log, run);
  if (read.intervals.empty()) {
    return counts_samples ? "the log counts sequences: give the tokens of one with --sequence-length"
                          : "the log counts steps: give the tokens of one with --global-batch and "
                            "--sequence-length, or with --global-batch alone, in tokens";
  }
  if (!(read.tokens > 0.0)) return "the log has no step that is done";
  if (read.intervals.size() < 2) return "the log has one record: two make the first pace";
  const bool any_time = std::any_of(read.intervals.begin(), read.intervals.end(), has_pace);
  if (!any_time && !run.elapsed_seconds)
    return "the log has no times: give the time since the start with --elapsed";
  return {};
}

Progress progress_of(const TrainingLog& log, const TrackedRun& run) {
  LogIntervals read = intervals_of(log, run);
  std::vector<LogInterval>& intervals = read.intervals;
  Progress progress{.steps = read.steps,
                    .tokens = read.tokens,
                    .total_tokens = run.total_tokens,
                    .last_time = read.last_time,
                    .notes = log.notes};
  progress.notes.insert(progress.notes.end(), read.notes.begin(), read.notes.end());
  const bool even = log.even || run.elapsed_seconds;
  if (run.elapsed_seconds) {
    double worked = read.tokens_before;
    for (const LogInterval& interval : intervals)
      worked += interval.worked_tokens;
    for (LogInterval& interval : intervals)
      interval.seconds = *run.elapsed_seconds * (interval.worked_tokens / worked);
  }

  const MeasuredPace pace = pace_of(intervals);
  const std::vector<bool> interrupted = find_interruptions(intervals, pace, progress);

  std::vector<double> seconds;  // of each interval, the usual where unknown
  std::vector<double> rates;    // tokens per second of those without an interruption
  double all_seconds = 0.0;
  double usual_for_new = 0.0;
  double new_tokens = 0.0;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    const LogInterval& here = intervals[i];
    seconds.push_back(is_timed(here) ? here.seconds : pace.local[i] * here.worked_tokens);
    all_seconds += seconds.back();
    usual_for_new += pace.local[i] * here.new_tokens;
    new_tokens += here.new_tokens;
    progress.repeated_tokens += here.worked_tokens - here.new_tokens;
    progress.repeated_seconds += pace.local[i] * (here.worked_tokens - here.new_tokens);
    if (i > 0 && is_timed(here) && !interrupted[i]) rates.push_back(here.worked_tokens / here.seconds);
  }
  if (rates.empty()) rates.push_back(1.0 / pace.local.back());
  const std::size_t recent = std::clamp(rates.size() / 5, std::min(least_recent, rates.size()), most_recent);
  progress.tokens_per_second =
      median(std::vector<double>(rates.end() - static_cast<std::ptrdiff_t>(recent), rates.end()));
  if (!even) progress.trend = trend_of(rates);

  const double overhead = new_tokens > 0.0 ? all_seconds / usual_for_new : 1.0;
  const double seconds_per_token = overhead / progress.tokens_per_second;
  const double seconds_before =
      run.elapsed_seconds ? *run.elapsed_seconds - all_seconds : read.tokens_before * pace.local.front();
  progress.elapsed_seconds = all_seconds + std::fmax(0.0, seconds_before);
  progress.tokens_per_second_all = progress.tokens / progress.elapsed_seconds;
  if (read.tokens_before > 0.0)
    progress.notes.push_back(
        {intervals.front().line,
         "the log begins in the middle of the training: what came before is counted at the "
         "usual pace"});
  if (even) {
    progress.notes.push_back(
        {0, "only the whole time is known: neither the pace now nor interruptions are seen"});
  } else if (!read.has_times) {
    progress.notes.push_back(
        {0, "no time stamps: times are the sum of the steps, gaps between them are not seen"});
  }

  forecast(seconds_per_token, even ? std::vector<double>{0.0} : block_paces(intervals, seconds), progress);
  progress.wall_time_seconds = progress.remaining_seconds + progress.elapsed_seconds;
  if (progress.last_time) progress.finish_time = progress.remaining_seconds + *progress.last_time;
  if (run.gpus) {
    const double paid_gpus = *run.gpus + run.spare_gpus;
    progress.gpu_hours = paid_gpus * progress.elapsed_seconds / seconds_per_hour;
    progress.final_gpu_hours = progress.wall_time_seconds * (paid_gpus / seconds_per_hour);
    if (run.flops_per_token) {
      progress.flops_per_second_per_gpu = progress.tokens_per_second * *run.flops_per_token / *run.gpus;
      if (run.peak_flops_per_second)
        progress.model_flops_utilization = *progress.flops_per_second_per_gpu / *run.peak_flops_per_second;
    }
  }
  return progress;
}

}  // namespace trainbudget
