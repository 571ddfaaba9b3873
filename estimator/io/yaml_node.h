// YAML files as a tree in which every key and value knows its place. yaml-cpp reads the events; this layer
// closes what it leaves open (docs/design.md lists the holes): duplicate keys, several documents, merge keys,
// anchors, tags, unterminated quotes, octal and sexagesimal numbers, deep nesting, sizes.
#pragma once

#include "io/input_error.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace trainbudget::io {

/// One value of an input file. JSON files are read into the same tree (io/json_text.h), so that one set of
/// readers (io/map_reader.h) serves both.
struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };
  struct Entry;

  Kind kind = Kind::null;
  std::string text;     ///< of a scalar, as written (quotes removed, escapes resolved)
  bool quoted = false;  ///< a quoted or block scalar is always a string, never a number, a bool or null
  std::vector<YamlNode> items;
  std::vector<Entry> entries;  ///< of a mapping, in file order, keys unique
  Location location;
};

struct YamlNode::Entry {
  std::string key;
  Location key_location;
  YamlNode value;
};

/// What a mapping has under `key`, which may be of kind null; nullptr where the key is not there, and for
/// what is no mapping. MapReader (io/map_reader.h) reads a mapping of which every key must be known; this
/// looks into one that somebody else reads.
const YamlNode* value_of(const YamlNode& mapping, std::string_view key);

/// Largest YAML input that is read, in bytes. Larger ones are refused before they are held in memory.
/// yaml-cpp holds the tokens of an open bracket, at more than 200 bytes of memory for one of text, before it
/// tells us of any.
inline constexpr std::size_t largest_yaml_bytes = std::size_t{1} << 20;
/// Largest number of values and keys in one YAML input, and deepest nesting of mappings and sequences.
inline constexpr std::size_t most_yaml_nodes = 200'000;
inline constexpr std::size_t deepest_nesting = 32;

/// Parses one YAML document. `file` is the name used in errors. Throws InputError. Anchors, aliases, merge
/// keys, tags and keys that are not text are refused: a scenario is data that reads the same for people and
/// programs.
YamlNode parse_yaml(std::string_view text, const std::string& file);

/// Reads and parses a file ("-" is standard input). Throws InputError for a missing file, a folder, an
/// unreadable or too large file, bytes that are not UTF-8, and everything that parse_yaml refuses. A UTF-8
/// BOM and CRLF are fine.
YamlNode read_yaml_file(const std::string& path);

}  // namespace trainbudget::io
