#include "io/json_text.h"

#include "io/file.h"
#include "io/text_source.h"
#include "io/tree_builder.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

namespace trainbudget::io {
namespace {

/// The places of the events, which nlohmann's SAX interface does not tell: an iterator that reports how far
/// the lexer has read. When an event arrives, that is just behind its token, or one byte further for a
/// number.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  TrackedIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  [[maybe_unused]] friend bool operator==(const TrackedIterator& a, const TrackedIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const TrackedIterator& a, const TrackedIterator& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  const char** reached_;
};

using Json = nlohmann::json;

class SaxReader : public nlohmann::json_sax<Json> {
 public:
  SaxReader(std::shared_ptr<const std::string> source, std::string file)
      : source_(std::move(source)), file_(std::move(file)), reached_(source_->data()) {}

  void read() {
    const char* begin = source_->data();
    const char* end = begin + source_->size();
    Json::sax_parse(TrackedIterator(begin, &reached_), TrackedIterator(end, &reached_), this);
  }
  TreeBuilder& builder() { return builder_; }

  bool null() override { return add(YamlNode::Kind::null, {}, false); }
  bool boolean(bool value) override { return add(YamlNode::Kind::scalar, value ? "true" : "false", false); }
  bool number_integer(number_integer_t) override { return add_number(); }
  bool number_unsigned(number_unsigned_t) override { return add_number(); }
  bool number_float(number_float_t, const string_t&) override { return add_number(); }
  bool string(string_t& value) override { return add(YamlNode::Kind::scalar, std::move(value), true); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(YamlNode::Kind::mapping); }
  bool start_array(std::size_t) override { return open(YamlNode::Kind::sequence); }
  bool key(string_t& value) override {
    builder_.key(std::move(value), next_place());
    done_ = head();
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string& last_token,
                   const Json::exception& error) override {
    // [json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing ... - what
    // and why
    const std::string_view full = error.what();
    const std::size_t dash = full.find(" - ");
    std::string message(dash == std::string_view::npos ? full.substr(full.find(' ') + 1)
                                                       : full.substr(dash + 3));
    if (const std::size_t token = message.find("; last read"); token != std::string::npos)
      message.resize(token);
    const std::size_t offset = std::min(position == 0 ? 0 : position - 1, source_->size());
    const bool is_out_of_range = error.id == 406;
    if (is_out_of_range) message = "the number " + last_token.substr(0, 40) + " is too large";
    throw InputError(locate(source_, file_, offset), "invalid JSON: " + message);
  }

 private:
  std::size_t head() const { return static_cast<std::size_t>(reached_ - source_->data()); }

  /// Where the token begins that the current event stands for.
  std::size_t next_token() const {
    return std::min(source_->find_first_not_of(" \t\r\n,:", done_), source_->size());
  }
  Location next_place() {
    // Counts lines from the last place on, not from the top: a file has many places.
    const std::size_t offset = next_token();
    for (std::size_t i = counted_; i < offset; ++i) {
      if ((*source_)[i] != '\n') continue;
      ++line_;
      line_start_ = i + 1;
    }
    counted_ = offset;
    return {file_, line_, static_cast<int>(offset - line_start_) + 1, source_};
  }

  bool add(YamlNode::Kind kind, std::string text, bool quoted) {
    YamlNode node;
    node.kind = kind;
    node.text = std::move(text);
    node.quoted = quoted;
    node.location = next_place();
    builder_.value(std::move(node));
    done_ = head();
    return true;
  }
  bool add_number() {
    const std::size_t begin = next_token();
    const std::size_t end = std::min(source_->find_first_not_of("+-.0123456789eE", begin), source_->size());
    add(YamlNode::Kind::scalar, source_->substr(begin, end - begin), false);
    done_ = end;
    return true;
  }
  bool open(YamlNode::Kind kind) {
    builder_.open(kind, next_place());
    done_ = head();
    return true;
  }
  bool close() {
    builder_.close();
    done_ = head();
    return true;
  }

  std::shared_ptr<const std::string> source_;
  std::string file_;
  const char* reached_;
  std::size_t done_ = 0;  ///< end of the last token that was taken
  std::size_t counted_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  TreeBuilder builder_{most_json_nodes};
};

/// Puts null, as long as they are, for -Infinity, Infinity and NaN outside of strings: places stay.
std::string without_not_finite(std::string text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      for (std::string word : {"-Infinity", "Infinity", "NaN"}) {
        if (text.compare(i, word.size(), word) != 0) continue;
        const std::size_t length = word.size();
        word = "null";
        word.resize(std::max(length, word.size()), ' ');
        text.replace(i, length, word);
        i += word.size() - 1;
        break;
      }
    }
  }
  return text;
}

YamlNode parse(std::shared_ptr<const std::string> source, const std::string& file, NotFinite not_finite) {
  if (not_finite == NotFinite::null)
    source = std::make_shared<const std::string>(without_not_finite(*source));
  SaxReader reader(std::move(source), file);
  reader.read();
  return reader.builder().take();
}

}  // namespace

YamlNode parse_json(std::string_view text, const std::string& file, NotFinite not_finite) {
  return parse(checked_source(std::string(text), file, largest_json_bytes), file, not_finite);
}

YamlNode read_json_file(const std::string& path, NotFinite not_finite) {
  const std::string name = file_name_for_errors(path);
  return parse(checked_source(read_file(path, largest_json_bytes), name, largest_json_bytes), name,
               not_finite);
}

}  // namespace trainbudget::io
