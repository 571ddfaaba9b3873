#include "catch.h"
#include "input_error_of.h"
#include "io/map_reader.h"

#include <array>
#include <string>

using namespace trainbudget;
using namespace trainbudget::io;

namespace {

YamlNode value_of(const std::string& text) {
  return parse_yaml("a: " + text, "f.yaml").entries[0].value;
}

template <class Reader>
std::string message_of(Reader read, const std::string& text) {
  const YamlNode node = value_of(text);
  return input_error_of([&] { read(node); }).what();
}

}  // namespace

TEST_CASE("a mapping is read key by key") {
  const YamlNode root = parse_yaml("tokens: 300B\ngpus: 64\n", "f.yaml");
  MapReader reader(root, "scenario");
  CHECK(read_quantity<Tokens>(reader.require("tokens")).value == 300e9);
  CHECK(read_integer(*reader.find("gpus"), 1, 100) == 64);
  CHECK(reader.find("price") == nullptr);
  reader.finish();
}

TEST_CASE("an unknown key is refused with the nearest known one") {
  const YamlNode root = parse_yaml("tokens: 300B\ngpu: 2\nxyzzy: 3\n", "f.yaml");
  MapReader reader(root, "scenario");
  reader.find("tokens");
  reader.find("gpus");
  const InputError error = input_error_of([&] { reader.finish(); });
  CHECK(std::string(error.what()) == "unknown key 'gpu' in scenario");
  CHECK(error.location.line == 2);
  CHECK(error.hint == "did you mean 'gpus'?");
  reader.find("gpu");
  CHECK(input_error_of([&] { reader.finish(); }).hint == "one of gpu, gpus, tokens");
}

TEST_CASE("a missing key is an error at the mapping, with its likely misspelling") {
  const YamlNode root = parse_yaml("x: 1\n", "f.yaml");
  MapReader reader(root, "scenario");
  CHECK(std::string(input_error_of([&] { reader.require("tokens"); }).what()) == "scenario lacks 'tokens'");
  CHECK(input_error_of([&] { reader.require("tokens"); }).hint.empty());

  const YamlNode misspelt = parse_yaml("gpus: 1\ntokesn: 300B\n", "f.yaml");
  MapReader second(misspelt, "scenario");
  CHECK(input_error_of([&] { second.require("tokens"); }).hint == "line 2 has 'tokesn'");

  // p90 may well be the next key that is asked for.
  const YamlNode range = parse_yaml("p10: 1\np90: 2\n", "f.yaml");
  MapReader third(range, "range");
  CHECK(input_error_of([&] { third.require("p50"); }).hint.empty());
}

TEST_CASE("a key without a value and a thing that is no mapping are refused") {
  const YamlNode root = parse_yaml("tokens:\ngpus: 1\n", "f.yaml");
  MapReader reader(root, "scenario");
  CHECK(input_error_of([&] { reader.find("tokens"); }).location.line == 1);
  const YamlNode list = parse_yaml("- 1\n", "f.yaml");
  CHECK_THAT(input_error_of([&] { MapReader(list, "scenario"); }).what(), ContainsSubstring("mapping"));
}

TEST_CASE("true and false are the only bools") {
  CHECK(read_bool(value_of("true")));
  CHECK_FALSE(read_bool(value_of("false")));
  for (const char* text : {"yes", "no", "on", "True", "1", "'true'", "[true]", "~"}) {
    CHECK_THAT(message_of(read_bool, text), ContainsSubstring("true or false is wanted"));
  }
}

TEST_CASE("a whole number is digits, unquoted and in range") {
  const auto read = [](const YamlNode& node) { return read_integer(node, -5, 100); };
  CHECK(read(value_of("0")) == 0);
  CHECK(read(value_of("64")) == 64);
  CHECK(read(value_of("-5")) == -5);
  for (const char* text : {"3.9", "3.0", "1e1", "010", "-01", "0x10", "true", "'64'", "101", "-6", "1-2",
                           "--1", "99999999999999999999", "-99999999999999999999", "[1]", "64 gpus"}) {
    CAPTURE(text);
    CHECK_THAT(message_of(read, text), ContainsSubstring("whole number"));
  }
}

TEST_CASE("a plain number is decimal, finite, unquoted and in range") {
  const auto read = [](const YamlNode& node) { return read_number(node, -2.0, 1e9); };
  CHECK(read(value_of("0.85")) == 0.85);
  CHECK(read(value_of("3e-4")) == 3e-4);
  CHECK(read(value_of("-2")) == -2.0);
  for (const char* text :
       {"nan", ".nan", "inf", "true", "'1'", "010", "0x1p3", "1e10", "-2.1", "1e400", "", "1 W"}) {
    CAPTURE(text);
    const YamlNode node = *text == '\0' ? value_of("''") : value_of(text);
    CHECK_THAT(input_error_of([&] { read(node); }).what(), ContainsSubstring("a number from -2 to"));
  }
}

TEST_CASE("texts, lists of texts and words") {
  CHECK(read_string(value_of("2024-06-01")) == "2024-06-01");
  CHECK(read_strings(value_of("[a, 'b']")) == std::vector<std::string>{"a", "b"});
  CHECK_THAT(message_of(read_string, "[a]"), ContainsSubstring("text is wanted, not a list"));
  CHECK_THAT(message_of(read_strings, "a"), ContainsSubstring("a list is wanted"));
  CHECK_THAT(message_of(read_strings, "[[a]]"), ContainsSubstring("text is wanted"));

  constexpr std::array<std::string_view, 2> words = {"spot", "reserved"};
  CHECK(read_word(value_of("reserved"), "pricing model", words) == 1);
  const YamlNode wrong = value_of("spott");
  const InputError error = input_error_of([&] { read_word(wrong, "pricing model", words); });
  CHECK(std::string(error.what()) == "unknown pricing model 'spott'");
  CHECK(error.hint == "did you mean 'spot'?");
}

TEST_CASE("a quantity may stand in quotes") {
  CHECK(read_quantity<UsdPerSecond>(value_of("'$3.6/h'")).value == Approx(0.001));
  CHECK_THAT(message_of([](const YamlNode& node) { read_quantity<Bytes>(node); }, "[80GB]"),
             ContainsSubstring("a quantity is wanted"));
}
