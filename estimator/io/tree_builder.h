// Builds the tree of io/yaml_node.h from the events of a parser, with the checks that YAML and JSON share.
#pragma once

#include "io/yaml_node.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace trainbudget::io {

/// Takes values in document order; a mapping takes its keys through value() or key(). Throws InputError for
/// duplicate keys, keys that are not scalars, more than deepest_nesting levels and more than `most_nodes`
/// keys and values.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::size_t most_nodes) : most_nodes_(most_nodes) {}

  /// True when the next value is the key of a mapping.
  bool expects_key() const;
  /// The place of the innermost open key, or of the innermost open node; for values that have no text of
  /// their own.
  Location innermost_location() const;

  void key(std::string text, Location where);
  /// Adds a complete scalar or null; as a key where a key is expected.
  void value(YamlNode node);
  void open(YamlNode::Kind kind, Location where);
  void close();

  /// True when one whole value has been built.
  bool is_complete() const { return root_.has_value() && open_.empty(); }
  YamlNode take() { return std::move(*root_); }

 private:
  struct Frame {
    YamlNode node;
    std::optional<std::pair<std::string, Location>> key;
  };

  void count(const Location& where);
  void attach(YamlNode node);

  std::vector<Frame> open_;
  std::optional<YamlNode> root_;
  std::size_t most_nodes_;
  std::size_t count_ = 0;
};

}  // namespace trainbudget::io
