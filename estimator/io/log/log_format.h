// Training logs as they are: one reader for each format, and one table of them. To add a format, add its
// reader and its row in log_format.cpp.
#pragma once

#include "core/training_log.h"
#include "io/log/log_text.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace trainbudget::io {

/// What a format is told by: so much of the beginning of a log is looked at.
inline constexpr std::size_t recognized_bytes = std::size_t{16} << 20;
/// Largest log that has to be read as a whole, in bytes; line by line any is read.
inline constexpr std::size_t largest_whole_log_bytes = std::size_t{512} << 20;
/// Most records and remarks that are kept.
inline constexpr std::size_t most_log_records = 5'000'000;
inline constexpr std::size_t most_log_notes = 100'000;

/// Reads a log of one format as it comes. What is torn or strange becomes a note.
class LogReader {
 public:
  LogReader() = default;
  virtual ~LogReader() = default;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  virtual void read(const LogLine& line, TrainingLog& log) = 0;
  /// After the last line; `file` is the name used in errors.
  virtual void finish(const std::string& /*file*/, TrainingLog& /*log*/) {}
};

struct LogFormat {
  std::string_view name;
  std::string_view mark;  ///< what it is known by, for people
  bool (*is_it)(std::string_view text);
  /// A reader of its lines; nullptr for a format without lines.
  std::unique_ptr<LogReader> (*reader)();
  /// Reads a whole text; nullptr where there is a reader.
  void (*read_whole)(std::string_view text, TrainingLog& log) = nullptr;
};

/// In the order in which they are tried.
std::span<const LogFormat> log_formats();

/// Reads a log in the format `name`, or in the one that it is known by where `name` is empty. Throws
/// InputError for an unknown name, a text that is none of the formats, and one without a single record. A
/// file may have any size: what is kept are its records.
TrainingLog parse_training_log(std::string_view text, const std::string& file, const std::string& name = {});
TrainingLog read_training_log(const std::string& path, const std::string& name = {});

/// Adds a remark, up to most_log_notes of them.
void add_note(TrainingLog& log, int line, std::string text);

/// Sizes beyond this are a slip of the pen or a torn line.
inline constexpr double largest_log_number = 1e19;

/// `value` where it is a number from 0 to largest_log_number.
inline std::optional<double> sane(std::optional<double> value) {
  return value && *value >= 0.0 && *value <= largest_log_number ? value : std::nullopt;
}

/// Adds a note where the loss of a record is not a number.
void note_loss(std::optional<double> loss, int line, TrainingLog& log);

// The formats, each in a file of its own.
bool is_rwkv_log(std::string_view text);
std::unique_ptr<LogReader> rwkv_reader();
bool is_megatron_log(std::string_view text);
std::unique_ptr<LogReader> megatron_reader();
bool is_deepspeed_log(std::string_view text);
std::unique_ptr<LogReader> deepspeed_reader();
bool is_trainer_state(std::string_view text);
void read_trainer_state(std::string_view text, TrainingLog& log);
bool is_wandb_csv(std::string_view text);
std::unique_ptr<LogReader> wandb_reader();
bool is_step_csv(std::string_view text);
std::unique_ptr<LogReader> step_csv_reader();
/// Throws where `text` would be CSV of either kind if its columns were not separated by semicolons.
void refuse_csv_with_semicolons(std::string_view text, const std::string& file);

}  // namespace trainbudget::io
