// From the records of a log to what happened between them: duplicates gone, restarts recognised.
#pragma once

#include "core/progress.h"

#include <vector>

namespace trainbudget {

/// The time from one record to the next.
struct LogInterval {
  int line = 0;                ///< of the record that ends it
  double steps = 0.0;          ///< done at its end
  double tokens = 0.0;         ///< highest so far, at its end
  double seconds = 0.0;        ///< negative: unknown
  double worked_tokens = 0.0;  ///< trained on in it, repeated ones too
  double new_tokens = 0.0;     ///< of these, trained on for the first time
  bool restart = false;
};

struct LogIntervals {
  std::vector<LogInterval> intervals;  ///< the first one ends with the first record
  double tokens_before = 0.0;          ///< trained on before the first interval
  double steps = 0.0;
  double tokens = 0.0;  ///< highest
  std::optional<double> last_time;
  bool has_times = false;
  std::vector<LogNote> notes;
};

/// Tokens trained on by the time of `record`; nothing where neither the log nor `run` says enough.
std::optional<double> tokens_of(const LogRecord& record, const TrainingLog& log, const TrackedRun& run);

/// The sequences of a step that the log shows, where they are not `sequences`, one in a hundred aside;
/// nothing where it shows none. `length` is the tokens of a sequence.
std::optional<double> contradicting_batch(const TrainingLog& log, double sequences,
                                          std::optional<double> length);

LogIntervals intervals_of(const TrainingLog& log, const TrackedRun& run);

}  // namespace trainbudget
