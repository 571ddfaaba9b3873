// trainer_state.json of the Hugging Face Trainer (transformers/trainer_callback.py, TrainerState):
// `log_history` is a list of flat objects with "step". Python writes NaN, which is no JSON, and a copied file
// may be torn: what is there is read with a scanner of its own. Entries have no time: only the last one of a
// finished run says how long all of it took ("train_runtime").
#include "io/log/log_format.h"
#include "io/log/log_text.h"

#include <algorithm>
#include <string>
#include <vector>

namespace trainbudget::io {
namespace {

struct Value {
  std::string_view key;
  std::string_view text;  ///< of a scalar that is not a string
};

/// Walks over JSON-like text and hands out the numbers of flat objects.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// `on_object(values, depth, line)` for each object that closes, with its own scalars.
  template <class OnObject>
  void run(const OnObject& on_object) {
    std::vector<Value> values;        // of all open objects, one after the other
    std::vector<std::size_t> starts;  // where those of each open bracket begin
    std::string_view word;
    std::string_view key;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        word = string();
        continue;
      }
      ++at_;
      if (c == '\n') ++line_;
      if (c == ':') {
        key = word;
        if (const std::string_view scalar = plain(); !scalar.empty() && !starts.empty())
          values.push_back({key, scalar});
      } else if (c == '{' || c == '[') {
        starts.push_back(values.size());
      } else if ((c == '}' || c == ']') && !starts.empty()) {
        if (c == '}')
          on_object(
              std::vector<Value>(values.begin() + static_cast<std::ptrdiff_t>(starts.back()), values.end()),
              starts.size(), line_);
        values.resize(starts.back());
        starts.pop_back();
      }
    }
    is_torn_ = !starts.empty();
    if (is_torn_ && starts.size() >= 2) values.resize(starts[1]);
    if (is_torn_) on_object(values, 1, line_);  // what the outermost object says, though it never closes
  }
  bool is_torn() const { return is_torn_; }
  int line() const { return line_; }

 private:
  std::string_view string() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n')
      at_ += text_[at_] == '\\' ? 2U : 1U;
    at_ = std::min(at_, text_.size());
    const std::string_view inside = text_.substr(begin, at_ - begin);
    if (at_ < text_.size() && text_[at_] == '"') ++at_;
    return inside;
  }
  /// The number, word or nothing that follows a colon.
  std::string_view plain() {
    const std::size_t begin = std::min(text_.find_first_not_of(" \t", at_), text_.size());
    const std::size_t end = std::min(text_.find_first_of(",}]\"{[\r\n \t", begin), text_.size());
    if (end == text_.size()) return {};  // torn
    at_ = end;
    return text_.substr(begin, end - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool is_torn_ = false;
};

std::optional<double> find(const std::vector<Value>& values, std::string_view key) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const Value& value) { return value.key == key; });
  return found == values.end() ? std::nullopt : number_at(found->text);
}

}  // namespace

bool is_trainer_state(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{' &&
         text.find("\"log_history\"") != std::string_view::npos;
}

void read_trainer_state(std::string_view text, TrainingLog& log) {
  Scanner scanner(text);
  std::optional<double> runtime;
  scanner.run([&](const std::vector<Value>& values, std::size_t depth, int line) {
    if (depth == 1) log.total_steps = sane(find(values, "max_steps"));
    const auto step = sane(find(values, "step"));
    if (depth == 1 || !step) return;
    if (const auto took = sane(find(values, "train_runtime")); took && *took > 0.0) runtime = took;
    const auto loss = find(values, "loss");
    if (!loss) return;  // an evaluation, or the closing summary
    note_loss(loss, line, log);
    log.records.push_back(
        {.line = line, .step = *step, .tokens = sane(find(values, "num_input_tokens_seen"))});
  });
  if (log.total_steps && !(*log.total_steps > 0.0)) log.total_steps.reset();
  if (scanner.is_torn()) add_note(log, scanner.line(), "the file ends in the middle");
  if (!runtime || log.records.empty() || !(log.records.back().step > 0.0)) return;
  log.even = true;
  for (LogRecord& record : log.records)
    record.step_seconds = *runtime / log.records.back().step;
}

}  // namespace trainbudget::io
