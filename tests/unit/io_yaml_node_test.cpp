#include "catch.h"
#include "input_error_of.h"
#include "io/yaml_node.h"

#include <string>

using namespace trainbudget::io;

namespace {

InputError error_in(const std::string& text) {
  return input_error_of([&] { parse_yaml(text, "f.yaml"); });
}

struct Refused {
  const char* text;
  int line;
  int column;
  const char* message;
};

}  // namespace

TEST_CASE("a YAML tree knows the place of every key and value") {
  const YamlNode root = parse_yaml("a: 1\nb:\n  - x\n  - {c: 'd'}\n", "f.yaml");
  REQUIRE(root.kind == YamlNode::Kind::mapping);
  REQUIRE(root.entries.size() == 2);
  CHECK(root.entries[0].key == "a");
  CHECK(root.entries[0].value.text == "1");
  CHECK(root.entries[0].value.location.line == 1);
  CHECK(root.entries[0].value.location.column == 4);
  CHECK(root.entries[1].key_location.line == 2);
  const YamlNode& list = root.entries[1].value;
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[0].location.column == 5);
  const YamlNode& value = list.items[1].entries[0].value;
  CHECK(value.text == "d");
  CHECK(value.quoted);
  CHECK(value.location.line == 4);
  CHECK(value.location.column == 9);
}

TEST_CASE("a key of a mapping is found with its place") {
  const YamlNode root = parse_yaml("a: 1\nb: {a: 2}\nc:\n", "f.yaml");
  REQUIRE(value_of(root, "b") != nullptr);
  CHECK(value_of(root, "b")->location.line == 2);
  REQUIRE(value_of(*value_of(root, "b"), "a") != nullptr);
  CHECK(value_of(*value_of(root, "b"), "a")->text == "2");
  REQUIRE(value_of(root, "c") != nullptr);  // there, and without a value
  CHECK(value_of(root, "c")->kind == YamlNode::Kind::null);
  CHECK(value_of(root, "d") == nullptr);
  CHECK(value_of(*value_of(root, "a"), "a") == nullptr);  // no mapping
}

TEST_CASE("numbers, bools and dates of YAML stay text") {
  for (const char* text : {"010", "1:30", "yes", "0x10", "1_000", ".nan", "2024-06-01"}) {
    const YamlNode root = parse_yaml("a: " + std::string(text), "f.yaml");
    CHECK(root.entries[0].value.text == text);
    CHECK_FALSE(root.entries[0].value.quoted);
  }
}

TEST_CASE("null is told from the word in quotes") {
  const YamlNode root = parse_yaml("a:\nb: ~\nc: null\nd: 'null'\n", "f.yaml");
  CHECK(root.entries[0].value.kind == YamlNode::Kind::null);
  CHECK(root.entries[0].value.location.line == 1);  // not where the next key stands
  CHECK(root.entries[1].value.kind == YamlNode::Kind::null);
  CHECK(root.entries[2].value.kind == YamlNode::Kind::null);
  CHECK(root.entries[3].value.kind == YamlNode::Kind::scalar);
}

TEST_CASE("a byte order mark and CRLF change neither text nor place") {
  const YamlNode root = parse_yaml(
      "\xEF\xBB\xBF"
      "a: x\r\nb: y\r\n",
      "f.yaml");
  REQUIRE(root.entries.size() == 2);
  CHECK(root.entries[0].value.text == "x");
  CHECK(root.entries[0].key_location.column == 1);
  CHECK(root.entries[1].value.location.line == 2);
  CHECK(root.entries[1].value.location.column == 4);
}

TEST_CASE("quotes may hold quotes, escapes and line ends") {
  const YamlNode root =
      parse_yaml("a: 'it''s'\nb: \"q\\\" \\\\\"\nc: 'x\n  y'\nd: |\n  block \"\ne: ''\n", "f.yaml");
  CHECK(root.entries[0].value.text == "it's");
  CHECK(root.entries[1].value.text == "q\" \\");
  CHECK(root.entries[2].value.text == "x y");
  CHECK(root.entries[3].value.text == "block \"\n");
  CHECK(root.entries[3].value.quoted);
  CHECK(root.entries[4].value.text.empty());
}

TEST_CASE("a document may be marked at its begin and end") {
  CHECK(parse_yaml("---\na: 1\n...\n", "f.yaml").entries.size() == 1);
  CHECK(parse_yaml("%YAML 1.2\n---\na: 1\n", "f.yaml").entries.size() == 1);
}

TEST_CASE("what YAML allows and we do not, and what yaml-cpp lets through") {
  const auto [text, line, column, message] = GENERATE(values<Refused>({
      {"a: 1\nb: 2\na: 3\n", 3, 1, "key 'a' is already set on line 1"},
      {"a: 1\n'a': 3\n", 2, 1, "key 'a' is already set on line 1"},
      {"{x: {b: 1, b: 2}}", 1, 12, "key 'b' is already set"},
      {"a: 1\n---\nb: 2\n", 2, 1, "a second document"},
      {"a: 1\n---\n", 2, 1, "a second document"},
      {"a: &x 1\nb: *x\n", 1, 4, "anchors"},
      {"a: *x\n", 1, 4, ""},
      {"<<: {a: 1}\n", 1, 1, "merge keys"},
      {"a: !!str 1\n", 1, 4, "tags"},
      {"a: !mine {b: 1}\n", 1, 4, "tags"},
      {"! x: 1\n", 1, 1, "tags"},
      {"a: \"open\n", 1, 4, "the quote \" is never closed"},
      {"a: 'open''\n", 1, 4, "the quote ' is never closed"},
      {"a: 'open\nb: 1\nc: 2\n", 1, 4, "the quote ' is never closed"},
      {"a: \"open\\\"\n", 1, 4, "the quote \" is never closed"},
      {"'a: 1\n", 1, 1, "the quote ' is never closed"},
      {"{a: 1}: 2\n", 1, 1, "a key must be text"},
      {"? [a]\n: 2\n", 1, 3, "a key must be text"},
      {"~: 2\n", 1, 1, "a key is missing"},
      {": 2\n", 1, 1, "a key is missing"},
      {"a:\n\tb: 1\n", 2, 0, ""},
      {"a: [1, 2\n", 0, 0, "invalid YAML"},
      {"a: b: c\n", 1, 5, "invalid YAML"},
      {"a: 1\n b: 2\n", 2, 0, "invalid YAML"},
      {"a: @x\n", 1, 4, "invalid YAML"},
      {"", 0, 0, "empty"},
      {"\n# only a comment\n", 0, 0, "empty"},
      {"a: \x04\nb: 1\n", 1, 4, "control character"},  // the end of file to yaml-cpp
  }));
  CAPTURE(text);
  const InputError error = error_in(text);
  CAPTURE(error.what());
  CHECK_THAT(error.what(), ContainsSubstring(message));
  CHECK(error.location.file == "f.yaml");
  if (line > 0) CHECK(error.location.line == line);
  if (column > 0) CHECK(error.location.column == column);
}

TEST_CASE("a tab in the indentation is named") {
  CHECK_THAT(error_in("a:\n  b: 1\n\tc: 2\n").hint, ContainsSubstring("line 3 begins with a tab"));
}

TEST_CASE("nesting has a limit, whatever its form") {
  std::string block;
  std::string flow;
  std::string dashes;
  std::string keys;
  for (std::size_t i = 0; i < 5000; ++i) {
    if (i < 1000) block += std::string(i, ' ') + "a:\n";
    flow += '[';
    dashes += "- ";
    keys += "? ";
  }
  flow += std::string(flow.size(), ']');
  for (const std::string& text : {block, flow, dashes}) {
    CHECK_THAT(error_in(text).what(), ContainsSubstring("nested too deeply"));
  }
  CHECK_THAT(error_in(keys).what(), ContainsSubstring("a key must be text"));
  // yaml-cpp takes an open bracket for the key of a mapping.
  CHECK_THAT(error_in(std::string(5000, '[')).hint, ContainsSubstring("is a bracket never closed?"));
  std::string allowed(deepest_nesting, '[');
  allowed += std::string(deepest_nesting, ']');
  CHECK(parse_yaml(allowed, "f.yaml").kind == YamlNode::Kind::sequence);
}

TEST_CASE("the number of values has a limit") {
  std::string many = "[0";
  for (std::size_t i = 0; i < most_yaml_nodes; ++i)
    many += ",0";
  CHECK_THAT(error_in(many + "]").what(), ContainsSubstring("too many values"));
}

TEST_CASE("the size has a limit") {
  CHECK_THAT(error_in(std::string(largest_yaml_bytes + 1, ' ')).what(), ContainsSubstring("too large"));
}
