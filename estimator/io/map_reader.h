// Reads a YAML mapping key by key, so that every error names its place and every key that nobody asked for is
// refused.
#pragma once

#include "io/quantity_text.h"
#include "io/yaml_node.h"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// A view of one mapping. Call `finish()` when all known keys have been read: it throws for the first unknown
/// key, with the nearest known one as hint. The node must outlive the reader.
class MapReader {
 public:
  /// `what` names the thing in errors, e.g. "accelerator profile". Throws when `node` is not a mapping.
  MapReader(const YamlNode& node, std::string what);

  /// The value of `key`; nullptr when it is absent. A key that is present but null is an error.
  const YamlNode* find(std::string_view key);
  /// The value of `key`; throws an error at the mapping when it is missing.
  const YamlNode& require(std::string_view key);
  /// Throws for the first key that neither find() nor require() was asked for.
  void finish() const;

  const YamlNode& node() const { return node_; }

 private:
  const YamlNode& node_;
  std::string what_;
  std::set<std::string, std::less<>> known_;
};

// Scalars. Each throws InputError at the node when the value has another type.
std::string read_string(const YamlNode& node);
bool read_bool(const YamlNode& node);  ///< true or false, nothing else, unquoted
/// Digits and a sign, unquoted: not 3.0, 1e3, 010, 0x10 or true.
long long read_integer(const YamlNode& node, long long least, long long most);
/// A plain decimal number, unquoted and without unit: 0.85, 3e-4, -2. For files that programs write; people's
/// files hold quantities. Numbers beyond the range of double are refused.
double read_number(const YamlNode& node, double least, double most);
std::vector<std::string> read_strings(const YamlNode& node);  ///< a sequence of strings

/// A quantity of the wanted dimension as people write it; see io/quantity_text.h.
template <class Q>
Q read_quantity(const YamlNode& node) {
  return Q(read_quantity_value(node, kind_of<Q>()));
}
double read_quantity_value(const YamlNode& node, QuantityKind kind);

/// The index of `node`'s text in `words`; throws with the nearest word as hint.
std::size_t read_word(const YamlNode& node, std::string_view what, std::span<const std::string_view> words);

}  // namespace trainbudget::io
