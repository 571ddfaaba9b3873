// What a training log says, whatever wrote it: one plain list of records in the order of the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace trainbudget {

/// One line of progress. What the format does not say is absent.
struct LogRecord {
  int line = 0;                        ///< of the file, from 1; of the entry where the format has no lines
  double step = 0.0;                   ///< optimizer steps done
  std::optional<double> tokens;        ///< trained on so far
  std::optional<double> samples;       ///< sequences trained on so far
  std::optional<double> step_seconds;  ///< seconds of one step, mean since the record before
  std::optional<double> time;          ///< seconds, of a clock that runs through restarts
  std::optional<double> run_start;     ///< the first record of a run: when that run was started
  bool starts_run = false;             ///< the log says that a new run begins here
};

/// A remark on one place of a log. Equal texts are one remark on several lines.
struct LogNote {
  int line = 0;
  std::string text;
};

struct TrainingLog {
  std::string format;  ///< name in the table of formats
  bool dated = false;  ///< times are seconds since 1970-01-01 00:00 of the log's own clock
  bool even = false;   ///< only the whole time is known, and spread evenly over the steps
  std::vector<LogRecord> records;
  std::vector<LogNote> notes;

  // What the log says of the run besides.
  std::optional<double> sequence_length;     ///< tokens
  std::optional<double> sequences_per_step;  ///< of the newest record
  std::optional<double> tokens_per_step;     ///< the same, where tokens are counted
  std::optional<double> total_steps;
  std::optional<double> total_tokens;
  std::optional<double> gpus;
  std::optional<double> layers;       ///< of the model
  std::optional<double> hidden_size;  ///< of the model
};

}  // namespace trainbudget
