#include "io/log/log_format.h"

#include "io/file.h"
#include "io/input_error.h"
#include "io/suggest.h"

#include <cmath>
#include <vector>

namespace trainbudget::io {
namespace {

// Megatron-DeepSpeed writes the lines of both: Megatron's say more.
constexpr LogFormat formats[] = {
    {"trainer-state", "a JSON object with \"log_history\" (Hugging Face trainer_state.json)",
     is_trainer_state, read_trainer_state},
    {"rwkv", "'NEW RUN <time>', or lines 'index loss perplexity lr date time index' (RWKV-LM train_log.txt)",
     is_rwkv_log, read_rwkv_log},
    {"megatron", "'iteration N/ M | … elapsed time per iteration (ms):' (Megatron-LM)", is_megatron_log,
     read_megatron_log},
    {"deepspeed", "'global_step=N, …SamplesPerSec=' or 'step=N, skipped=' (DeepSpeed)", is_deepspeed_log,
     read_deepspeed_log},
    {"wandb", "a CSV header with _step or Step and _timestamp, _runtime or Relative Time (W&B export)",
     is_wandb_csv, read_wandb_csv},
    {"csv", "a CSV header with step and seconds, step_seconds or time", is_step_csv, read_step_csv},
};

const LogFormat& format_of(std::string_view text, const std::string& file, const std::string& name) {
  if (!name.empty()) {
    std::vector<std::string_view> names;
    for (const LogFormat& format : formats) {
      if (format.name == name) return format;
      names.push_back(format.name);
    }
    throw InputError(option_location("--log-format", name), "unknown log format '" + name + "'",
                     did_you_mean_or_list(name, names));
  }
  for (const LogFormat& format : formats) {
    if (format.is_it(text)) return format;
  }
  std::string looked_for = "looked for";
  for (const LogFormat& format : formats)
    looked_for +=
        (&format == formats ? " " : "; ") + std::string(format.name) + ": " + std::string(format.mark);
  throw InputError({.file = file}, "this is no training log of a known format", looked_for);
}

}  // namespace

std::span<const LogFormat> log_formats() {
  return formats;
}

void note_loss(std::optional<double> loss, int line, TrainingLog& log) {
  if (loss && !std::isfinite(*loss)) log.notes.push_back({line, "the loss is not a number"});
}

TrainingLog parse_training_log(std::string_view text, const std::string& file, const std::string& name) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const LogFormat& format = format_of(text, file, name);
  TrainingLog log{.format = std::string(format.name)};
  format.read(text, file, log);
  if (log.records.empty())
    throw InputError({.file = file}, "the log has no line of progress yet",
                     "as " + std::string(format.name) + " it would have: " + std::string(format.mark));
  return log;
}

TrainingLog read_training_log(const std::string& path, const std::string& name) {
  return parse_training_log(read_file(path, largest_log_bytes), file_name_for_errors(path), name);
}

}  // namespace trainbudget::io
