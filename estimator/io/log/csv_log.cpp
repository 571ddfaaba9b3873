// Two kinds of CSV: what Weights & Biases exports, and plain `step,tokens,seconds`. Both by the names of
// their columns. io/csv.h would refuse the whole file for one torn row, which in a log is a note.
#include "io/csv.h"
#include "io/input_error.h"
#include "io/log/log_format.h"
#include "io/log/log_text.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace trainbudget::io {
namespace {

enum class Field { none, step, tokens, giga_tokens, samples, step_seconds, elapsed, time, loss };

struct ColumnName {
  std::string_view name;  ///< lower case
  Field field;
};

constexpr ColumnName wandb_columns[] = {
    {"_step", Field::step},
    {"step", Field::step},
    {"global_step", Field::step},
    {"_timestamp", Field::time},
    {"_runtime", Field::elapsed},
    {"relative time (process)", Field::elapsed},
    {"relative time (wall)", Field::elapsed},
    {"wall time", Field::time},
    {"tokens", Field::tokens},
    {"consumed_tokens", Field::tokens},
    {"consumed tokens", Field::tokens},
    {"num_input_tokens_seen", Field::tokens},
    {"gtokens", Field::giga_tokens},
    {"samples", Field::samples},
    {"consumed_samples", Field::samples},
    {"consumed samples", Field::samples},
    {"iteration-time", Field::step_seconds},
    {"step_time", Field::step_seconds},
    {"loss", Field::loss},
    {"train_loss", Field::loss},
    {"lm loss", Field::loss},
};

constexpr ColumnName plain_columns[] = {
    {"step", Field::step},
    {"tokens", Field::tokens},
    {"samples", Field::samples},
    {"seconds", Field::elapsed},
    {"elapsed", Field::elapsed},
    {"elapsed_seconds", Field::elapsed},
    {"time", Field::time},
    {"timestamp", Field::time},
    {"step_time", Field::step_seconds},
    {"step_seconds", Field::step_seconds},
    {"seconds_per_step", Field::step_seconds},
    {"loss", Field::loss},
};

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// `run-7 - train/loss` is `loss`; the bounds of a chart, `…__MIN`, are no column of ours.
std::string plain_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (const std::size_t dash = name.rfind(" - "); dash != std::string::npos) name.erase(0, dash + 3);
  if (const std::size_t slash = name.rfind('/'); slash != std::string::npos) name.erase(0, slash + 1);
  const std::size_t first = std::min(name.find_first_not_of(' '), name.size());
  name.erase(0, first);
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

struct Header {
  std::vector<std::string> names;
  std::vector<Field> fields;

  bool has(Field field) const { return std::find(fields.begin(), fields.end(), field) != fields.end(); }
};

Header header_of(std::string_view line, std::span<const ColumnName> known) {
  Header header{.names = split(line), .fields = {}};
  for (const std::string& name : header.names) {
    const std::string plain = plain_name(name);
    Field field = Field::none;
    for (const ColumnName& column : known) {
      if (column.name == plain) field = column.field;
    }
    header.fields.push_back(header.has(field) ? Field::none : field);  // the first of several counts
  }
  return header;
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, std::min(text.find_first_of("\r\n"), text.size()));
}

/// "4,194,304" as digits alone; other text as it is.
std::string without_thousands(std::string_view text) {
  std::string digits;
  std::size_t group = 0;
  bool grouped = false;
  for (const char c : text) {
    if (c == ',') {
      if (grouped && group != 3) return std::string(text);
      grouped = true;
      group = 0;
    } else {
      digits += c;
      ++group;
    }
  }
  return grouped && group == 3 ? digits : std::string(text);
}

/// A field that is a number from its first to its last character; of any other, a note.
std::optional<double> number_in(std::string_view text, int line, TrainingLog& log) {
  const bool plain = text.find_first_not_of("0123456789.eE+- \t") == std::string_view::npos;
  if (plain) return sane(number_at(text));
  const std::optional<double> number = number_at(text);
  if (number && !std::isfinite(*number)) return std::nullopt;  // nan
  if (const std::string digits = without_thousands(text); digits != text) return number_in(digits, line, log);
  add_note(log, line, "'" + std::string(text.substr(0, 40)) + "' is not a number, and left out");
  return std::nullopt;
}

std::optional<double> time_value(std::string_view text, int line, TrainingLog& log) {
  if (const auto time = time_at(text)) {
    log.dated = true;
    return time;
  }
  const auto number = number_in(text, line, log);
  constexpr double year_2000 = 946684800.0;
  log.dated = log.dated || (number && *number > year_2000);
  return number;
}

void set(Field field, std::string_view text, LogRecord& record, TrainingLog& log) {
  switch (field) {
    case Field::none:
    case Field::step:
      return;
    case Field::tokens:
      record.tokens = number_in(text, record.line, log);
      return;
    case Field::giga_tokens:
      if (const auto tokens = number_in(text, record.line, log)) record.tokens = *tokens * 1e9;
      return;
    case Field::samples:
      record.samples = number_in(text, record.line, log);
      return;
    case Field::step_seconds:
      record.step_seconds = number_in(text, record.line, log);
      return;
    case Field::elapsed:
      if (!record.time) record.time = number_in(text, record.line, log);
      return;
    case Field::time:
      record.time = time_value(text, record.line, log);
      return;
    case Field::loss:
      note_loss(number_at(text), record.line, log);
      return;
  }
}

class RowReader : public LogReader {
 public:
  explicit RowReader(std::span<const ColumnName> known) : known_(known) {}

  void read(const LogLine& line, TrainingLog& log) override {
    if (header_.names.empty()) {
      header_ = header_of(line.text, known_);
      step_column_ = static_cast<std::size_t>(
          std::find(header_.fields.begin(), header_.fields.end(), Field::step) - header_.fields.begin());
      // A column of times says more than one of seconds since the start, which a restart sets back.
      if (header_.has(Field::time))
        std::replace(header_.fields.begin(), header_.fields.end(), Field::elapsed, Field::none);
      return;
    }
    if (line.number == 1 || !header_.has(Field::step)) return;
    const std::vector<std::string> row = split(line.text);
    if (row == header_.names) {
      starts_run_ = true;
      return;
    }
    const auto step = row.size() == header_.names.size() ? sane(number_at(row[step_column_])) : std::nullopt;
    if (!step) return add_note(log, line.number, "the row is torn and left out");
    LogRecord record{.line = line.number, .step = *step, .starts_run = starts_run_};
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (!row[column].empty()) set(header_.fields[column], row[column], record, log);
    }
    if (!record.time && !record.step_seconds) return;  // a row of other things
    starts_run_ = false;
    log.records.push_back(record);
  }

  void finish(const std::string& file, TrainingLog& /*log*/) override {
    if (header_.names.empty() || header_.has(Field::step)) return;
    const Location where{.file = file, .line = 1, .column = 1};
    if (header_.names.size() == 1) refuse_semicolons(header_.names.front(), where);
    throw InputError(where, "there is no column of steps",
                     "one of these is wanted: step, _step, global_step");
  }

 private:
  std::span<const ColumnName> known_;
  Header header_;
  std::size_t step_column_ = 0;
  bool starts_run_ = false;
};

/// What `steps` steps went forward by, for one of them.
void set_step_size(std::optional<double> before, std::optional<double> here, double steps,
                   std::optional<double>& size) {
  if (before && here && *here > *before) size = (*here - *before) / steps;
}

class StepCsvReader : public RowReader {
 public:
  StepCsvReader() : RowReader(plain_columns) {}

  /// A column of seconds may count since the start or for one step: whoever means the latter is told. What is
  /// counted from the start says how much a step trains.
  void finish(const std::string& file, TrainingLog& log) override {
    RowReader::finish(file, log);
    for (std::size_t i = 1; i < log.records.size(); ++i) {
      const LogRecord& before = log.records[i - 1];
      const LogRecord& here = log.records[i];
      if (here.step <= before.step || here.starts_run || !before.time || !here.time) continue;
      if (*here.time < *before.time)
        throw InputError({.file = file, .line = here.line, .column = 1},
                         "the times go back while the steps go on, so they are not counted from the start",
                         "call the column step_seconds where it is the time of one step");
      if (before.tokens && here.tokens && *here.tokens < *before.tokens)
        throw InputError({.file = file, .line = here.line, .column = 1},
                         "the tokens go back while the steps go on, so they are not counted from the start",
                         "write how many have been trained on so far");
      set_step_size(before.tokens, here.tokens, here.step - before.step, log.tokens_per_step);
      set_step_size(before.samples, here.samples, here.step - before.step, log.sequences_per_step);
    }
  }
};

}  // namespace

bool is_wandb_csv(std::string_view text) {
  const Header header = header_of(first_line(text), wandb_columns);
  const bool own_names = text.starts_with("_step") || text.starts_with("\"") ||
                         first_line(text).find("_timestamp") != std::string_view::npos ||
                         first_line(text).find("_runtime") != std::string_view::npos ||
                         first_line(text).find("Relative Time") != std::string_view::npos;
  return own_names && header.has(Field::step) &&
         (header.has(Field::time) || header.has(Field::elapsed) || header.has(Field::step_seconds));
}

void refuse_csv_with_semicolons(std::string_view text, const std::string& file) {
  const std::string_view header = first_line(text);
  std::string with_commas(header);
  std::replace(with_commas.begin(), with_commas.end(), ';', ',');
  if (is_wandb_csv(with_commas) || is_step_csv(with_commas))
    refuse_semicolons(header, {.file = file, .line = 1, .column = 1});
}

std::unique_ptr<LogReader> wandb_reader() {
  return std::make_unique<RowReader>(wandb_columns);
}

bool is_step_csv(std::string_view text) {
  const Header header = header_of(first_line(text), plain_columns);
  return header.has(Field::step) &&
         (header.has(Field::time) || header.has(Field::elapsed) || header.has(Field::step_seconds));
}

std::unique_ptr<LogReader> step_csv_reader() {
  return std::make_unique<StepCsvReader>();
}

}  // namespace trainbudget::io
