#include "io/csv.h"

#include "io/file.h"
#include "io/suggest.h"
#include "io/text_source.h"

#include <algorithm>
#include <utility>

namespace trainbudget::io {

CsvTable::CsvTable(std::shared_ptr<const std::string> source, std::string file)
    : source_(std::move(source)), file_(std::move(file)) {
  std::size_t at = read_row(0, header_);
  if (source_->empty()) throw InputError({.file = file_}, "the file is empty: a header line is wanted");
  check_header();
  std::size_t counted = 0;
  int line = 1;
  while (at < source_->size()) {
    const std::size_t start = at;
    const auto begin = source_->begin() + static_cast<std::ptrdiff_t>(counted);
    line += static_cast<int>(std::count(begin, source_->begin() + static_cast<std::ptrdiff_t>(start), '\n'));
    counted = start;
    const std::size_t before = fields_.size();
    at = read_row(at, fields_);
    const std::size_t count = fields_.size() - before;
    if (count == 1 && fields_.back().empty() && header_.size() > 1) {  // a blank line
      fields_.pop_back();
      continue;
    }
    if (count != header_.size()) {
      throw InputError(
          locate(source_, file_, start),
          "the row has " + std::to_string(count) + " fields, the header " + std::to_string(header_.size()));
    }
    if (fields_.size() > most_csv_fields) {
      throw InputError(locate(source_, file_, start),
                       "too many fields: at most " + std::to_string(most_csv_fields));
    }
    rows_.push_back({start, line});
  }
}

void CsvTable::check_header() const {
  const Location where = locate(source_, file_, 0);
  if (header_.size() > most_csv_columns) {
    throw InputError(where, "too many columns: at most " + std::to_string(most_csv_columns));
  }
  if (header_.size() == 1) refuse_semicolons(header_.front(), where);
  for (auto name = header_.begin(); name != header_.end(); ++name) {
    if (name->empty()) throw InputError(where, "a column has no name");
    if (std::find(header_.begin(), name, *name) != name) {
      throw InputError(where, "duplicate column '" + std::string(*name) + "'");
    }
  }
}

std::size_t CsvTable::read_row(std::size_t at, std::vector<std::string_view>& fields) {
  const std::string_view text = *source_;
  while (true) {
    if (at < text.size() && text[at] == '"') {
      fields.push_back(read_quoted(at));
      if (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r') {
        throw InputError(locate(source_, file_, at), "text follows a closing quote");
      }
    } else {
      std::size_t end = at;  // a plain loop: find_first_of makes the whole table cost 1.7 times as much
      while (end < text.size() && text[end] != ',' && text[end] != '\n' && text[end] != '\r' &&
             text[end] != '"')
        ++end;
      if (end < text.size() && text[end] == '"') {
        throw InputError(locate(source_, file_, end), "a quote inside an unquoted field",
                         "put the whole field in quotes, and double the quotes inside");
      }
      fields.push_back(text.substr(at, end - at));
      at = end;
    }
    if (at >= text.size()) return at;
    if (text[at] == ',') {
      ++at;
      continue;
    }
    if (text[at] == '\r') ++at;
    return at < text.size() && text[at] == '\n' ? at + 1 : at;
  }
}

std::string_view CsvTable::read_quoted(std::size_t& at) {
  const std::string_view text = *source_;
  const std::size_t open = at;
  bool doubled = false;
  for (++at; at < text.size(); ++at) {
    if (text[at] != '"') continue;
    if (at + 1 >= text.size() || text[at + 1] != '"') break;
    doubled = true;
    ++at;
  }
  if (at >= text.size()) throw InputError(locate(source_, file_, open), "the quote is never closed");
  const std::string_view inside = text.substr(open + 1, at - open - 1);
  ++at;
  if (!doubled) return inside;
  std::string plain;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    plain += inside[i];
    if (inside[i] == '"') ++i;
  }
  return unescaped_.emplace_back(std::move(plain));
}

std::optional<std::size_t> CsvTable::find_column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

void CsvTable::check_columns(std::span<const std::string_view> known) const {
  for (std::size_t i = 0; i < header_.size(); ++i) {
    const std::string_view name = header_[i];
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw InputError(header_location(i), "unknown column '" + std::string(name) + "'",
                       did_you_mean(name, known));
  }
}

std::size_t CsvTable::column(std::string_view name) const {
  if (const auto found = find_column(name)) return *found;
  throw InputError(locate(source_, file_, 0), "there is no column '" + std::string(name) + "'",
                   did_you_mean_or_list(name, header_));
}

Location CsvTable::location(std::size_t row) const {
  return {.file = file_, .line = rows_[row].line, .column = 1, .source = source_};
}

Location CsvTable::field_location(std::size_t at, std::size_t column) const {
  const std::string_view text = *source_;
  // Doubled quotes open and close: no case of their own is needed to find the commas outside.
  for (bool is_quoted = false; column > 0 && at < text.size(); ++at) {
    if (text[at] == '"') is_quoted = !is_quoted;
    if (text[at] == ',' && !is_quoted) --column;
  }
  return locate(source_, file_, at);
}

void refuse_semicolons(std::string_view header, const Location& where) {
  if (header.find(';') == std::string_view::npos || header.find(',') != std::string_view::npos) return;
  throw InputError(where, "the columns are separated by ';', and ',' is wanted",
                   "save it with commas between the columns and points in the numbers");
}

CsvTable read_csv_file(const std::string& path) {
  const std::string name = file_name_for_errors(path);
  return CsvTable(checked_source(read_file(path, largest_csv_bytes), name, largest_csv_bytes), name);
}

}  // namespace trainbudget::io
