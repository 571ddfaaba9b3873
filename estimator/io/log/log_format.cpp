#include "io/log/log_format.h"

#include "io/file.h"
#include "io/input_error.h"
#include "io/suggest.h"
#include "io/text_source.h"

#include <cmath>
#include <utility>
#include <vector>

namespace trainbudget::io {
namespace {

// Megatron-DeepSpeed writes the lines of both: Megatron's say more.
constexpr LogFormat formats[] = {
    {"trainer-state", "a JSON object with \"log_history\" (Hugging Face trainer_state.json)",
     is_trainer_state, nullptr, read_trainer_state},
    {"rwkv", "'NEW RUN <time>', or lines 'index loss perplexity lr date time index' (RWKV-LM train_log.txt)",
     is_rwkv_log, rwkv_reader},
    {"megatron", "'iteration N/ M | … elapsed time per iteration (ms):' (Megatron-LM)", is_megatron_log,
     megatron_reader},
    {"deepspeed", "'global_step=N, …SamplesPerSec=' or 'step=N, skipped=' (DeepSpeed)", is_deepspeed_log,
     deepspeed_reader},
    {"wandb", "a CSV header with _step or Step and _timestamp, _runtime or Relative Time (W&B export)",
     is_wandb_csv, wandb_reader},
    {"csv", "a CSV header with step and seconds, step_seconds or time", is_step_csv, step_csv_reader},
};

const LogFormat& format_named(const std::string& name) {
  std::vector<std::string_view> names;
  for (const LogFormat& format : formats) {
    if (format.name == name) return format;
    names.push_back(format.name);
  }
  throw InputError(option_location("--log-format", name), "unknown log format '" + name + "'",
                   did_you_mean_or_list(name, names));
}

/// The format that the beginning of a log is known by, or all of it.
const LogFormat& format_of(std::string_view beginning, bool is_all, const std::string& file) {
  for (const LogFormat& format : formats) {
    if (format.is_it(beginning)) return format;
  }
  refuse_csv_with_semicolons(beginning, file);
  std::string looked_for =
      is_all ? "looked for"
             : "--log-format NAME reads on; looked in the first " + size_text(recognized_bytes) + " for";
  for (const LogFormat& format : formats)
    looked_for +=
        (&format == formats ? " " : "; ") + std::string(format.name) + ": " + std::string(format.mark);
  throw InputError({.file = file}, "this is no training log of a known format", looked_for);
}

/// A log that comes in chunks: its beginning is kept until its format is known.
class Intake {
 public:
  Intake(std::string file, const std::string& name)
      : file_(std::move(file)), lines_([this](const LogLine& line) { read(line); }) {
    if (!name.empty()) start(format_named(name));
  }

  void feed(std::string_view chunk) {
    if (reader_) return lines_.feed(chunk);
    kept_ += chunk;
    const bool whole = format_ != nullptr;
    if (whole && kept_.size() > largest_whole_log_bytes)
      throw InputError({.file = file_}, "too large: at most " + size_text(largest_whole_log_bytes) + " of " +
                                            std::string(format_->name));
    if (!whole && kept_.size() >= recognized_bytes) recognize(false);
  }

  TrainingLog finish() {
    if (format_ == nullptr) recognize(true);
    if (reader_) {
      reader_->finish(file_, log_);
      for (const int line : lines_.too_long())
        add_note(log_, line, "a line of more than a megabyte is left out");
      if (lines_.torn() > 0) add_note(log_, lines_.torn(), "the last line has no end and is left out");
    } else {
      format_->read_whole(without_mark(kept_), log_);
    }
    if (log_.records.empty())
      throw InputError({.file = file_}, "the log has no line of progress yet",
                       "as " + std::string(format_->name) + " it would have: " + std::string(format_->mark));
    return std::move(log_);
  }

 private:
  static std::string_view without_mark(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    return text;
  }
  void start(const LogFormat& format) {
    format_ = &format;
    log_.format = std::string(format.name);
    if (format.reader != nullptr) reader_ = format.reader();
  }
  void recognize(bool is_all) {
    start(format_of(without_mark(kept_), is_all, file_));
    if (!reader_) return;
    lines_.feed(std::exchange(kept_, {}));
  }
  void read(LogLine line) {
    if (line.number == 1) line.text = without_mark(line.text);
    reader_->read(line, log_);
    if (log_.records.size() > most_log_records)
      throw InputError({.file = file_, .line = line.number, .column = 1},
                       "more than " + std::to_string(most_log_records) + " records",
                       "leave some out: every tenth step says as much");
  }

  std::string file_;
  std::string kept_;
  const LogFormat* format_ = nullptr;
  std::unique_ptr<LogReader> reader_;
  LogLines lines_;
  TrainingLog log_;
};

}  // namespace

std::span<const LogFormat> log_formats() {
  return formats;
}

void add_note(TrainingLog& log, int line, std::string text) {
  if (log.notes.size() < most_log_notes) log.notes.push_back({line, std::move(text)});
}

void note_loss(std::optional<double> loss, int line, TrainingLog& log) {
  if (loss && !std::isfinite(*loss)) add_note(log, line, "the loss is not a number");
}

TrainingLog parse_training_log(std::string_view text, const std::string& file, const std::string& name) {
  Intake intake(file, name);
  intake.feed(text);
  return intake.finish();
}

TrainingLog read_training_log(const std::string& path, const std::string& name) {
  Intake intake(file_name_for_errors(path), name);
  read_chunks(path, [&](std::string_view chunk) { intake.feed(chunk); });
  return intake.finish();
}

}  // namespace trainbudget::io
