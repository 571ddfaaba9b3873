#include "catch.h"
#include "input_error_of.h"
#include "io/json_text.h"
#include "io/map_reader.h"

#include <string>

using namespace trainbudget::io;

namespace {

struct Refused {
  const char* text;
  int line;
  int column;
  const char* message;
};

InputError error_in(const std::string& text) {
  return input_error_of([&] { parse_json(text, "f.json"); });
}

}  // namespace

TEST_CASE("JSON is read into the tree that YAML is read into") {
  const YamlNode root =
      parse_json("{\n  \"a\": [1, -2.5e3, \"x, \\\"y\\\"\", true, null],\n  \"b\": {\"c\": 64}}", "f.json");
  REQUIRE(root.kind == YamlNode::Kind::mapping);
  const YamlNode& list = root.entries[0].value;
  REQUIRE(list.items.size() == 5);
  CHECK(list.items[0].text == "1");
  CHECK_FALSE(list.items[0].quoted);
  CHECK(list.items[1].text == "-2.5e3");
  CHECK(list.items[2].text == "x, \"y\"");
  CHECK(list.items[2].quoted);
  CHECK(list.items[3].text == "true");
  CHECK(list.items[4].kind == YamlNode::Kind::null);
  CHECK(root.entries[1].key == "b");
  CHECK(root.entries[1].value.entries[0].value.text == "64");
}

TEST_CASE("every JSON value knows its place") {
  const YamlNode root = parse_json("{\n  \"a\": [1,-2.5e3 ,\"x\",true,{}],\n  \"b\" : 7 }", "f.json");
  const std::vector<YamlNode>& items = root.entries[0].value.items;
  CHECK(root.location.line == 1);
  CHECK(root.entries[0].key_location.column == 3);
  CHECK(root.entries[0].value.location.column == 8);
  CHECK(items[0].location.column == 9);
  CHECK(items[1].location.column == 11);
  CHECK(items[2].location.column == 19);
  CHECK(items[3].location.column == 23);
  CHECK(items[4].location.column == 28);
  CHECK(root.entries[1].key_location.line == 3);
  CHECK(root.entries[1].key_location.column == 3);
  CHECK(root.entries[1].value.location.column == 9);
}

TEST_CASE("JSON by the letter, without duplicate keys") {
  const auto [text, line, column, message] = GENERATE(values<Refused>({
      {"", 1, 1, "invalid JSON"},
      {"{\"a\": 1,\n \"a\": 2}", 2, 2, "key 'a' is already set on line 1"},
      {"{\"a\": NaN}", 1, 7, "invalid JSON"},
      {"{\"a\": Infinity}", 1, 7, "invalid JSON"},
      {"{\"a\": 1} x", 1, 10, "invalid JSON"},
      {"{\"a\": 1}{}", 1, 9, "invalid JSON"},
      {"{\"a\": 1,}", 1, 9, "invalid JSON"},
      {"{\"a\": 01}", 1, 8, "invalid JSON"},
      {"// c\n{}", 1, 1, "invalid JSON"},
      {"{'a': 1}", 1, 2, "invalid JSON"},
      {"[1, 2", 1, 0, "invalid JSON"},
      {"[\"a\n\"]", 1, 0, "invalid JSON"},
      {"[\"\\ud800\"]", 1, 0, "invalid JSON"},
      {"[\n1e400]", 2, 0, "too large"},
  }));
  CAPTURE(text);
  const InputError error = error_in(text);
  CAPTURE(error.what());
  CHECK_THAT(error.what(), ContainsSubstring(message));
  CHECK(error.location.line == line);
  if (column > 0) CHECK(error.location.column == column);
}

TEST_CASE("a NUL byte is no end of JSON") {
  CHECK_THAT(error_in(std::string("{}\0x", 4)).what(), ContainsSubstring("NUL"));
}

TEST_CASE("JSON has the limits of YAML") {
  CHECK_THAT(error_in(std::string(100'000, '[')).what(), ContainsSubstring("nested too deeply"));
  std::string many = "[0";
  for (std::size_t i = 0; i < most_json_nodes; ++i)
    many += ",0";
  CHECK_THAT(error_in(many + "]").what(), ContainsSubstring("too many values"));
}

TEST_CASE("numbers of JSON are not taken for what they are not") {
  const YamlNode root = parse_json("[3.9, -1, true, \"64\", 64, 2.5]", "f.json");
  const auto is_refused = [&](std::size_t item) {
    return input_error_of([&] { read_integer(root.items[item], 0, 100); }).location.line == 1;
  };
  CHECK(is_refused(0));
  CHECK(is_refused(1));
  CHECK(is_refused(2));
  CHECK(is_refused(3));
  CHECK(read_integer(root.items[4], 0, 100) == 64);
  CHECK(read_number(root.items[5], 0, 100) == 2.5);
  CHECK_THROWS_AS(read_number(root.items[2], 0, 100), InputError);
  CHECK_THROWS_AS(read_number(root.items[3], 0, 100), InputError);
}
