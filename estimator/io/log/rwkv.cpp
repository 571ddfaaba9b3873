// RWKV-LM's train_log.txt, as src/trainer.py of BlinkDL/RWKV-LM writes it: `NEW RUN 2026-11-20-08-00-00`, a
// Python dict of the arguments, and after each mini-epoch `index loss perplexity lr date time index`. A
// mini-epoch is 40,320 sequences; `index` counts from the start of training, across restarts (epoch_begin).
#include "io/log/log_format.h"
#include "io/log/log_text.h"

#include <algorithm>
#include <string>

namespace trainbudget::io {
namespace {

constexpr double sequences_per_mini_epoch = 40320.0;
constexpr std::string_view run_mark = "NEW RUN ";

struct MiniEpoch {
  double index = 0.0;
  double loss = 0.0;
  double time = 0.0;
};

std::string_view take_word(std::string_view& text) {
  const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
  const std::size_t end = std::min(text.find(' ', first), text.size());
  const std::string_view word = text.substr(first, end - first);
  text.remove_prefix(end);
  return word;
}

std::optional<MiniEpoch> mini_epoch(std::string_view line) {
  const std::string_view index_word = take_word(line);
  if (index_word.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto index = sane(number_at(index_word));
  const auto loss = number_at(take_word(line));
  const auto perplexity = number_at(take_word(line));
  const auto rate = number_at(take_word(line));
  if (!index || !loss || !perplexity || !rate || line.empty()) return std::nullopt;
  const auto time = time_at(line.substr(1));
  if (!time) return std::nullopt;
  return MiniEpoch{*index, *loss, *time};
}

/// The number of `'key': 12` in the dict of the arguments.
std::optional<double> argument(std::string_view dict, std::string_view key) {
  return sane(number_after(dict, "'" + std::string(key) + "':"));
}

class RwkvReader : public LogReader {
 public:
  void read(const LogLine& line, TrainingLog& log) override {
    log.dated = true;
    if (line.text.starts_with(run_mark)) {
      starts_run_ = true;
      run_start_ = time_at(line.text.substr(run_mark.size()));
    } else if (line.text.starts_with("{") && line.text.find("'ctx_len':") != std::string_view::npos) {
      read_arguments(line.text, log);
    } else if (const auto epoch = mini_epoch(line.text)) {
      const double done = epoch->index + 1.0;
      log.records.push_back({.line = line.number,
                             .step = done * steps_per_mini_epoch_,
                             .samples = done * sequences_,
                             .time = epoch->time,
                             .run_start = starts_run_ ? run_start_ : std::nullopt,
                             .starts_run = starts_run_});
      starts_run_ = false;
      note_loss(epoch->loss, line.number, log);
    }
  }

 private:
  void read_arguments(std::string_view dict, TrainingLog& log) {
    log.sequence_length = argument(dict, "ctx_len");
    const auto batch = argument(dict, "real_bsz");
    const auto steps = argument(dict, "epoch_steps");
    if (batch && steps && *batch > 0.0 && *steps > 0.0) {
      steps_per_mini_epoch_ = *steps;
      sequences_ = *batch * *steps;
      log.sequences_per_step = batch;
    }
    if (const auto tokens = argument(dict, "my_exit_tokens"); tokens && *tokens > 0.0)
      log.total_tokens = tokens;
    log.layers = argument(dict, "n_layer");
    log.hidden_size = argument(dict, "n_embd");
    const auto nodes = argument(dict, "num_nodes");
    const auto devices = argument(dict, "devices");
    if (nodes && devices && *nodes * *devices >= 1.0) log.gpus = *nodes * *devices;
  }

  double steps_per_mini_epoch_ = 1.0;
  double sequences_ = sequences_per_mini_epoch;
  bool starts_run_ = false;
  std::optional<double> run_start_;
};

}  // namespace

bool is_rwkv_log(std::string_view text) {
  if (text.starts_with(run_mark) || text.find("\nNEW RUN ") != std::string_view::npos) return true;
  bool found = false;
  LogLines lines([&](const LogLine& line) { found = found || mini_epoch(line.text); });
  lines.feed(text.substr(0, 4096));
  return found;
}

std::unique_ptr<LogReader> rwkv_reader() {
  return std::make_unique<RwkvReader>();
}

}  // namespace trainbudget::io
