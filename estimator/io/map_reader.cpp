#include "io/map_reader.h"

#include "io/decimal.h"
#include "io/suggest.h"

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace trainbudget::io {
namespace {

std::string_view name_of(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
  }
  return "something";
}

[[noreturn]] void refuse_kind(const YamlNode& node, std::string_view wanted) {
  throw InputError(node.location, std::string(wanted) + " is wanted, not " + std::string(name_of(node.kind)));
}

const std::string& scalar_text(const YamlNode& node, std::string_view wanted) {
  if (node.kind != YamlNode::Kind::scalar) refuse_kind(node, wanted);
  return node.text;
}

}  // namespace

MapReader::MapReader(const YamlNode& node, std::string what) : node_(node), what_(std::move(what)) {
  if (node.kind != YamlNode::Kind::mapping) refuse_kind(node, "a mapping (" + what_ + ")");
}

const YamlNode* MapReader::find(std::string_view key) {
  known_.emplace(key);
  for (const YamlNode::Entry& entry : node_.entries) {
    if (entry.key != key) continue;
    if (entry.value.kind == YamlNode::Kind::null) {
      throw InputError(entry.key_location, "'" + entry.key + "' has no value",
                       "give it one, or leave the key out");
    }
    return &entry.value;
  }
  return nullptr;
}

const YamlNode& MapReader::require(std::string_view key) {
  if (const YamlNode* value = find(key)) return *value;
  std::string hint;
  for (const YamlNode::Entry& entry : node_.entries) {
    const bool is_misspelt = key.size() > 3 && !known_.contains(entry.key) && closest(entry.key, {&key, 1});
    if (is_misspelt && hint.empty()) {
      hint = "line " + std::to_string(entry.key_location.line) + " has '" + entry.key + "'";
    }
  }
  throw InputError(node_.location, what_ + " lacks '" + std::string(key) + "'", hint);
}

void MapReader::finish() const {
  for (const YamlNode::Entry& entry : node_.entries) {
    if (known_.contains(entry.key)) continue;
    const std::vector<std::string_view> keys(known_.begin(), known_.end());
    throw InputError(entry.key_location, "unknown key '" + entry.key + "' in " + what_,
                     did_you_mean_or_list(entry.key, keys));
  }
}

std::string read_string(const YamlNode& node) {
  return scalar_text(node, "text");
}

bool read_bool(const YamlNode& node) {
  const std::string& text = scalar_text(node, "true or false");
  if (!node.quoted && text == "true") return true;
  if (!node.quoted && text == "false") return false;
  throw InputError(node.location, "true or false is wanted, not '" + text + "'");
}

long long read_integer(const YamlNode& node, long long least, long long most) {
  const std::string& text = scalar_text(node, "a whole number");
  const std::string range = "from " + std::to_string(least) + " to " + std::to_string(most);
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(text.c_str(), &end, 10);
  const bool plain =
      !text.empty() && text.find_first_not_of("-0123456789") == std::string::npos && *end == '\0';
  const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  const bool octal_looking = digits.size() > 1 && digits[0] == '0';
  if (node.quoted || !plain || octal_looking || errno != 0 || value < least || value > most) {
    throw InputError(node.location, "a whole number " + range + " is wanted, not '" + text + "'");
  }
  return value;
}

double read_number(const YamlNode& node, double least, double most) {
  const std::string& text = scalar_text(node, "a number");
  std::string_view digits = text;
  const bool is_negative = digits.starts_with('-');
  if (is_negative) digits.remove_prefix(1);
  const bool octal_looking = digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
  const Decimal number = scan_decimal(digits);
  const bool plain = number.length == digits.size() && number.length > 0 && number.problem == nullptr;
  const double value = plain ? (is_negative ? -to_double(number) : to_double(number)) : 0.0;
  if (node.quoted || !plain || octal_looking || !(value >= least && value <= most)) {
    throw InputError(node.location, "a number from " + fmt::format("{} to {}", least, most) +
                                        " is wanted, not '" + text + "'");
  }
  return value;
}

std::vector<std::string> read_strings(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence) refuse_kind(node, "a list");
  std::vector<std::string> texts;
  for (const YamlNode& item : node.items)
    texts.push_back(read_string(item));
  return texts;
}

double read_quantity_value(const YamlNode& node, QuantityKind kind) {
  return parse_quantity(scalar_text(node, "a quantity"), kind, node.location);
}

std::size_t read_word(const YamlNode& node, std::string_view what, std::span<const std::string_view> words) {
  const std::string& text = scalar_text(node, what);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return i;
  }
  throw InputError(node.location, "unknown " + std::string(what) + " '" + text + "'",
                   did_you_mean_or_list(text, words));
}

}  // namespace trainbudget::io
