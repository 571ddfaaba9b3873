// How a run in progress goes, from its log: spent so far, throughput and its trend, interruptions, and a
// forecast of the finish. Formulas with their reasons: docs/track.md.
#pragma once

#include "core/training_log.h"
#include "core/uncertainty.h"

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

/// What the log does not say.
struct TrackedRun {
  double total_tokens = 0.0;
  std::optional<double> gpus;
  double spare_gpus = 0.0;                ///< paid and not working, on top of them
  std::optional<double> sequence_length;  ///< tokens; before what the log says
  std::optional<double> tokens_per_step;
  std::optional<double> elapsed_seconds;        ///< of all records, for a log without any time
  std::optional<double> flops_per_token;        ///< forward and backward
  std::optional<double> peak_flops_per_second;  ///< of one accelerator
};

struct Interruption {
  int line = 0;                  ///< of the record after it
  double tokens = 0.0;           ///< trained on when it came
  double lost_seconds = 0.0;     ///< beyond what the steps between the records take
  bool restart = false;          ///< a new run, or steps that were done before
  double repeated_tokens = 0.0;  ///< trained on a second time after it
};

/// Theil–Sen slope, and whether Mann–Kendall calls it one at 5 %.
struct Trend {
  double change = 0.0;  ///< over the whole log, as a fraction of the median
  bool is_clear = false;
};

struct Progress {
  double steps = 0.0;
  double tokens = 0.0;
  double total_tokens = 0.0;
  double elapsed_seconds = 0.0;
  std::optional<double> last_time;  ///< of a dated log

  double tokens_per_second = 0.0;      ///< median of the recent records
  double tokens_per_second_all = 0.0;  ///< tokens ÷ elapsed, interruptions and repetitions included
  std::optional<Trend> trend;          ///< absent for too few records
  std::vector<Interruption> interruptions;
  double lost_seconds = 0.0;  ///< of the interruptions, without repeated work
  double repeated_tokens = 0.0;
  double repeated_seconds = 0.0;
  std::optional<double> flops_per_second_per_gpu;
  std::optional<double> model_flops_utilization;

  int blocks = 0;                ///< parts of the log whose spread the forecast uses
  double block_spread = 0.0;     ///< standard deviation of the logarithm of their pace, with what is assumed
  double observed_spread = 0.0;  ///< the same without it; 0 of a single part
  Range remaining_seconds;
  Range wall_time_seconds;           ///< elapsed and remaining
  std::optional<Range> finish_time;  ///< of a dated log
  std::optional<double> gpu_hours;   ///< so far, those of spares with them
  std::optional<Range> final_gpu_hours;
  std::vector<LogNote> notes;
};

/// Why progress_of() cannot answer; empty where it can: records that cannot be turned into tokens, no times,
/// fewer than two records.
std::string progress_problem(const TrainingLog& log, const TrackedRun& run);

/// Expects progress_problem() to be empty and positive numbers in `run`. Pure; O(n log n) in the records.
Progress progress_of(const TrainingLog& log, const TrackedRun& run);

}  // namespace trainbudget
