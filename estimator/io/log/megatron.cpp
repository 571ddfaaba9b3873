// Megatron-LM and what descends from it, as training_log() of megatron/training/training.py prints it:
// ` [2026-11-20 08:00:00] iteration 100/ 5000 | consumed samples: 12800 | elapsed time per iteration (ms):
// 512.3 | …`. The time stamp came with a later release; launchers put ranks before the line.
#include "io/log/log_format.h"
#include "io/log/log_text.h"

#include <string>

namespace trainbudget::io {
namespace {

constexpr std::string_view step_mark = "iteration ";
constexpr std::string_view time_mark = "elapsed time per iteration (ms):";

/// `iteration 100/ 5000` at the start of `text`; `total` may be absent ("infinity").
struct Iteration {
  double step = 0.0;
  std::optional<double> total;
};

std::optional<Iteration> iteration_at(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view step = text.substr(step_mark.size(), slash - step_mark.size());
  if (step.find_first_not_of(" 0123456789") != std::string_view::npos) return std::nullopt;
  const auto number = sane(number_at(step));
  if (!number) return std::nullopt;
  return Iteration{*number, sane(number_at(text.substr(slash + 1)))};
}

/// `seq_length ...... 4096` of the arguments that Megatron prints at its start.
void read_argument(std::string_view line, std::string_view key, std::optional<double>& value) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos || (at > 0 && line[at - 1] != ' ')) return;
  const std::string_view rest = line.substr(at + key.size());
  if (!rest.starts_with(" ..")) return;
  const std::size_t number = rest.find_first_not_of(" .");
  if (number == std::string_view::npos) return;
  if (const auto read = sane(number_at(rest.substr(number))); read && *read > 0.0) value = read;
}

/// One report of a line, from `iteration` to the end or to the next report that another rank wrote into it.
void read_report(std::string_view before, std::string_view report, const Iteration& iteration, int line,
                 TrainingLog& log) {
  LogRecord record{.line = line, .step = iteration.step, .time = find_time(before)};
  record.samples = sane(number_after(report, "consumed samples:"));
  record.tokens = sane(number_after(report, "consumed tokens:"));
  if (const auto milliseconds = sane(number_after(report, time_mark)); milliseconds && *milliseconds > 0.0)
    record.step_seconds = *milliseconds / 1000.0;
  if (const auto batch = sane(number_after(report, "global batch size:")); batch && *batch > 0.0)
    log.sequences_per_step = batch;
  if (const auto length = sane(number_after(report, "actual seqlen:")); length && *length > 0.0)
    log.sequence_length = length;
  if (iteration.total) log.total_steps = iteration.total;
  if (!record.step_seconds) return add_note(log, line, "the report is torn and left out");
  note_loss(number_after(report, "lm loss:"), line, log);
  if (const auto bad = number_after(report, "number of nan iterations:"); bad && *bad > 0.0)
    add_note(log, line, "iterations with NaN, by Megatron's count");
  log.dated = log.dated || record.time.has_value();
  log.records.push_back(record);
}

/// The reports of a line: more than one where ranks wrote into each other's.
void read_line(const LogLine& line, TrainingLog& log) {
  std::size_t at = line.text.find(step_mark);
  if (at == std::string_view::npos || line.text.find('|') == std::string_view::npos) {
    read_argument(line.text, "seq_length", log.sequence_length);
    read_argument(line.text, "world_size", log.gpus);
    read_argument(line.text, "global_batch_size", log.sequences_per_step);
    read_argument(line.text, "num_layers", log.layers);
    read_argument(line.text, "hidden_size", log.hidden_size);
    if (const auto ranks = sane(number_after(line.text, "using world size:")); ranks && *ranks > 0.0)
      log.gpus = ranks;
    return;
  }
  std::string_view before = line.text.substr(0, at);
  while (at != std::string_view::npos) {
    const std::size_t next = line.text.find(step_mark, at + step_mark.size());
    const std::string_view report = line.text.substr(at, next == std::string_view::npos ? next : next - at);
    // Not every "iteration " is a report: "elapsed time per iteration (ms)" has one inside.
    if (const auto iteration = iteration_at(report)) {
      std::size_t end = next;
      while (end != std::string_view::npos && !iteration_at(line.text.substr(end)))
        end = line.text.find(step_mark, end + step_mark.size());
      const std::string_view whole = line.text.substr(at, end == std::string_view::npos ? end : end - at);
      read_report(before, whole, *iteration, line.number, log);
      before = whole;
      at = end;
    } else {
      at = next;
    }
  }
}

class MegatronReader : public LogReader {
 public:
  void read(const LogLine& line, TrainingLog& log) override { read_line(line, log); }
};

}  // namespace

bool is_megatron_log(std::string_view text) {
  return text.find(time_mark) != std::string_view::npos;
}

std::unique_ptr<LogReader> megatron_reader() {
  return std::make_unique<MegatronReader>();
}

}  // namespace trainbudget::io
