#include "io/yaml_node.h"

#include "io/file.h"
#include "io/text_source.h"
#include "io/tree_builder.h"

#include <memory>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace trainbudget::io {
namespace {

/// Whether a quoted scalar that opens at `open` is closed; yaml-cpp 0.7 takes the end of the file for a
/// quote.
bool is_terminated(std::string_view source, std::size_t open) {
  const char quote = source[open];
  for (std::size_t i = open + 1; i < source.size(); ++i) {
    if (quote == '"' && source[i] == '\\') {
      ++i;
    } else if (source[i] == quote) {
      if (quote == '"' || i + 1 == source.size() || source[i + 1] != quote) return true;
      ++i;  // '' is a quote inside the text
    }
  }
  return false;
}

class EventReader : public YAML::EventHandler {
 public:
  EventReader(std::shared_ptr<const std::string> source, std::string file)
      : source_(std::move(source)), file_(std::move(file)) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      throw InputError(place(mark), "a second document begins here; one file holds one document",
                       "remove the line '---', or put the rest into a file of its own");
    }
  }
  void OnDocumentEnd() override {}

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw InputError(place(mark), "aliases (*name) are not supported", "write the value out");
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse_properties(mark);
    YamlNode node;
    node.location =
        is_null_word(mark) || builder_.expects_key() ? place(mark) : builder_.innermost_location();
    builder_.value(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    refuse_properties(mark);
    const char first = at(mark);
    const bool quoted = tag == "!";  // what the parser reports for quoted and block scalars
    if (quoted && (first == '"' || first == '\'') && !is_terminated(*source_, offset(mark))) {
      throw InputError(place(mark), std::string("the quote ") + first + " is never closed");
    }
    if (!quoted && value == "<<" && builder_.expects_key()) {
      throw InputError(place(mark), "merge keys (<<) are not supported", "write the keys out");
    }
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.text = value;
    node.quoted = quoted;
    node.location = place(mark);
    builder_.value(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    refuse_properties(mark);
    builder_.open(YamlNode::Kind::sequence, place(mark));
  }
  void OnSequenceEnd() override { builder_.close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    refuse_properties(mark);
    builder_.open(YamlNode::Kind::mapping, place(mark));
  }
  void OnMapEnd() override { builder_.close(); }

  Location place(const YAML::Mark& mark) const {
    if (mark.is_null()) return {.file = file_};
    return {file_, mark.line + 1, mark.column + 1, source_};
  }

  TreeBuilder& builder() { return builder_; }

 private:
  static std::size_t offset(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.pos); }
  char at(const YAML::Mark& mark) const {
    return offset(mark) < source_->size() ? (*source_)[offset(mark)] : '\0';
  }

  /// A value that is absent has the mark of whatever follows it.
  bool is_null_word(const YAML::Mark& mark) const {
    if (offset(mark) >= source_->size()) return false;
    const std::string_view rest = std::string_view(*source_).substr(offset(mark));
    return rest.starts_with('~') || rest.starts_with("null") || rest.starts_with("Null") ||
           rest.starts_with("NULL");
  }

  /// The mark of a node with a tag or an anchor is the place of these, and no plain text begins with ! or &.
  void refuse_properties(const YAML::Mark& mark) const {
    const char first = at(mark);
    if (first == '!') {
      throw InputError(place(mark), "tags (!name) are not supported",
                       "put text that begins with ! in quotes");
    }
    if (first == '&') {
      throw InputError(place(mark), "anchors (&name) are not supported",
                       "put text that begins with & in quotes");
    }
  }

  std::shared_ptr<const std::string> source_;
  std::string file_;
  TreeBuilder builder_{most_yaml_nodes};
  int documents_ = 0;
};

/// A tab that YAML does not take as indentation is the likely cause of an error on its line or the one below.
std::string hint_for(const Location& where) {
  for (int up = 0; up < 2; ++up) {
    Location line = where;
    line.line -= up;
    const std::string_view text = line.line > 0 ? line_text(line) : std::string_view();
    const std::size_t indentation = text.find_first_not_of(" \t");
    if (text.substr(0, indentation).find('\t') != std::string_view::npos) {
      return "YAML indents with spaces; line " + std::to_string(line.line) + " begins with a tab";
    }
  }
  return {};
}

/// As yaml-cpp 0.7 says it: later ones add the anchor's name, which the line that is shown has anyway.
std::string message_of(const YAML::Exception& error) {
  constexpr std::string_view unknown_anchor = "the referenced anchor is not defined";
  return error.msg.starts_with(unknown_anchor) ? std::string(unknown_anchor) : error.msg;
}

YamlNode parse(const std::shared_ptr<const std::string>& source, const std::string& file) {
  std::istringstream stream(*source);
  EventReader reader(source, file);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(reader)) {
    }
  } catch (const YAML::Exception& error) {
    const Location where = reader.place(error.mark);
    throw InputError(where, "invalid YAML: " + message_of(error), hint_for(where));
  } catch (const InputError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw InputError({.file = file}, std::string("invalid YAML: ") + error.what());
  }
  if (!reader.builder().is_complete()) {
    throw InputError({.file = file}, "the file is empty: it holds no YAML document");
  }
  return reader.builder().take();
}

}  // namespace

const YamlNode* value_of(const YamlNode& mapping, std::string_view key) {
  for (const YamlNode::Entry& entry : mapping.entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

YamlNode parse_yaml(std::string_view text, const std::string& file) {
  return parse(checked_source(std::string(text), file, largest_yaml_bytes), file);
}

YamlNode read_yaml_file(const std::string& path) {
  const std::string name = file_name_for_errors(path);
  return parse(checked_source(read_file(path, largest_yaml_bytes), name, largest_yaml_bytes), name);
}

}  // namespace trainbudget::io
