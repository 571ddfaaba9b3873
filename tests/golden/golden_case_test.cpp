#include "golden/golden_case.h"

#include "catch.h"

using namespace trainbudget::testing;
using Words = std::vector<std::string>;

TEST_CASE("a command line is split as a shell would split it") {
  CHECK(split_words("trainbudget  estimate a.yaml") == Words{"trainbudget", "estimate", "a.yaml"});
  CHECK(split_words(R"(x '$0.79/h' "a \" b" c\ d '')") == Words{"x", "$0.79/h", "a \" b", "c d", ""});
  CHECK(split_words(R"(x 'a\b'y)") == Words{"x", "a\\by"});
  CHECK_THROWS_AS(split_words("x 'open"), CaseError);
  CHECK_THROWS_AS(split_words("x \\"), CaseError);
}

TEST_CASE("a case that says nothing or something unknown is refused") {
  const char* text = GENERATE(
      "", "# only a comment\n", "text\n$ trainbudget x\n", "-- stdout\n$ trainbudget x\n",
      "$ trainbudget x\n-- stdoutt\n", "$ trainbudget x\n-- exit two\n", "$ trainbudget x\n-- exit 2x\n",
      "$ trainbudget x\nbelow a command\n", "-- env NAME\n$ trainbudget x\n",
      "-- escaped file f\n\\q\n$ trainbudget x\n", "-- escaped file f\n\\x0\n$ trainbudget x\n");
  INFO(text);
  CHECK_THROWS_AS(parse_case(text), CaseError);
}

TEST_CASE("bytes that no editor keeps are written as escapes") {
  const GoldenCase parsed =
      parse_case("-- escaped file f\n\\xef\\xbb\\xbfa\\r\\n\n\\x00\\\\t\n$ trainbudget x\n");
  CHECK(parsed.files.at("f") == std::string("\xef\xbb\xbf"
                                            "a\r\n\0\\t",
                                            9));
}

TEST_CASE("rewritten expectations read back as the results they came from") {
  const std::string text =
      "# why\n-- file f\nbody\n$ trainbudget a\n-- exit 7\n$ trainbudget b\n-- stdout\nold\n";
  const Result first{2, "-- stdout\n$ x\n\\y\n", "no newline", {}};
  const Result second{0, "\n", "", {{"w.json", "{}"}}};
  const std::string rewritten = with_results(text, {first, second});
  const GoldenCase parsed = parse_case(rewritten);
  REQUIRE(parsed.steps.size() == 2);
  CHECK(parsed.steps[0].expected == first);
  CHECK(parsed.steps[1].expected == second);
  CHECK(parsed.files.at("f") == "body\n");
  CHECK(rewritten.starts_with("# why\n-- file f\nbody\n$ trainbudget a\n-- exit 2\n"));
  CHECK(with_results(rewritten, {first, second}) == rewritten);
}

TEST_CASE("the value of a JSON key is hidden whatever it is") {
  CHECK(without_value_of("a", R"({"a": "x\"}", "b": 1})") == R"({"a": "*", "b": 1})");
  CHECK(without_value_of("a", R"({"a": {"b": ["}", 1]}, "c": 2})") == R"({"a": "*", "c": 2})");
  CHECK(without_value_of("a", "{\"b\": 1,\n\"a\": 12\n}") == "{\"b\": 1,\n\"a\": \"*\"\n}");
  CHECK(without_value_of("a", R"([{"a":1},{"a":2}])") == R"([{"a":"*"},{"a":"*"}])");
}

TEST_CASE("a difference is shown with the lines around it, once") {
  CHECK(diff("same\n", "same\n").empty());
  CHECK(diff("a\nb\nc\n", "a\nB\nc\n") == " a\n-b\n+B\n c\n \n");
  CHECK(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nX\n") == "@@\n 6\n 7\n 8\n-9\n+X\n \n");
  CHECK(diff("a\nb", "a\nb\n") == " a\n b\n+\n");
}
