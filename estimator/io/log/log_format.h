// Training logs as they are: one reader for each format, and one table of them. To add a format, add its
// reader and its row in log_format.cpp.
#pragma once

#include "core/training_log.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace trainbudget::io {

/// Largest log that is read, in bytes.
inline constexpr std::size_t largest_log_bytes = std::size_t{512} << 20;

struct LogFormat {
  std::string_view name;
  std::string_view mark;  ///< what it is known by, for people
  bool (*is_it)(std::string_view text);
  /// Fills `log`; `file` is the name used in errors. What is torn or strange becomes a note.
  void (*read)(std::string_view text, const std::string& file, TrainingLog& log);
};

/// In the order in which they are tried.
std::span<const LogFormat> log_formats();

/// Reads a log in the format `name`, or in the one that it is known by where `name` is empty. Throws
/// InputError for an unknown name, a text that is none of the formats, and one without a single record.
TrainingLog parse_training_log(std::string_view text, const std::string& file, const std::string& name = {});
TrainingLog read_training_log(const std::string& path, const std::string& name = {});

/// Sizes beyond this are a slip of the pen or a torn line.
inline constexpr double largest_log_number = 1e19;

/// `value` where it is a number from 0 to largest_log_number.
inline std::optional<double> sane(std::optional<double> value) {
  return value && *value >= 0.0 && *value <= largest_log_number ? value : std::nullopt;
}

/// Adds a note where the loss of a record is not a number.
void note_loss(std::optional<double> loss, int line, TrainingLog& log);

// The readers, each in a file of its own.
bool is_rwkv_log(std::string_view text);
void read_rwkv_log(std::string_view text, const std::string& file, TrainingLog& log);
bool is_megatron_log(std::string_view text);
void read_megatron_log(std::string_view text, const std::string& file, TrainingLog& log);
bool is_deepspeed_log(std::string_view text);
void read_deepspeed_log(std::string_view text, const std::string& file, TrainingLog& log);
bool is_trainer_state(std::string_view text);
void read_trainer_state(std::string_view text, const std::string& file, TrainingLog& log);
bool is_wandb_csv(std::string_view text);
void read_wandb_csv(std::string_view text, const std::string& file, TrainingLog& log);
bool is_step_csv(std::string_view text);
void read_step_csv(std::string_view text, const std::string& file, TrainingLog& log);

}  // namespace trainbudget::io
