// JSON files as the tree of io/yaml_node.h, so that one set of readers (io/map_reader.h) serves both formats:
// strings are quoted scalars; numbers, true and false plain ones with the text of the file.
#pragma once

#include "io/yaml_node.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace trainbudget::io {

/// Largest JSON input that is read, in bytes.
inline constexpr std::size_t largest_json_bytes = std::size_t{16} << 20;
/// Largest number of values and keys in one JSON input: a full measurement of a GPU has several 100,000
/// samples.
inline constexpr std::size_t most_json_nodes = 1'000'000;

/// NaN and Infinity, which Python writes and RFC 8259 does not know: an error, or no value.
enum class NotFinite : bool { refuse, null };

/// Parses one JSON value by RFC 8259 and nothing more: no comments, no trailing text. Throws InputError for
/// what is not JSON, duplicate keys, numbers outside the range of double, deep nesting and too many values.
YamlNode parse_json(std::string_view text, const std::string& file, NotFinite not_finite = NotFinite::refuse);

/// Reads and parses a file ("-" is standard input). Throws InputError as read_yaml_file does.
YamlNode read_json_file(const std::string& path, NotFinite not_finite = NotFinite::refuse);

}  // namespace trainbudget::io
