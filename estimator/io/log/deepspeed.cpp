// DeepSpeed's engine, as deepspeed/utils/timer.py and engine.py print it:
// `[2026-11-20 08:00:00,123] [INFO] [timer.py:260:stop] epoch=0/micro_step=199/global_step=199,
// RunningAvgSamplesPerSec=…` and `[…] [Rank 0] step=1890, skipped=19, lr=[…]`.
#include "io/log/log_format.h"
#include "io/log/log_text.h"

namespace trainbudget::io {
namespace {

constexpr std::string_view speed_mark = "SamplesPerSec=";
constexpr std::string_view skipped_mark = ", skipped=";

std::optional<double> step_of(std::string_view line) {
  if (line.find(speed_mark) != std::string_view::npos) {
    if (const auto step = sane(number_after(line, "global_step="))) return step;
  }
  const std::size_t at = line.find(" step=");
  if (at == std::string_view::npos || line.find(skipped_mark, at) == std::string_view::npos)
    return std::nullopt;
  return sane(number_at(line.substr(at + std::string_view(" step=").size())));
}

class DeepSpeedReader : public LogReader {
 public:
  void read(const LogLine& line, TrainingLog& log) override {
    const auto step = step_of(line.text);
    if (!step) return;
    const auto time = find_time(line.text);
    if (!time) return add_note(log, line.number, "a report without its time is left out");
    log.dated = true;
    note_loss(number_after(line.text, "loss:"), line.number, log);
    log.records.push_back({.line = line.number, .step = *step, .time = time});
  }
};

}  // namespace

bool is_deepspeed_log(std::string_view text) {
  return text.find(speed_mark) != std::string_view::npos || text.find(skipped_mark) != std::string_view::npos;
}

std::unique_ptr<LogReader> deepspeed_reader() {
  return std::make_unique<DeepSpeedReader>();
}

}  // namespace trainbudget::io
