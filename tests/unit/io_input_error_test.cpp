#include "catch.h"
#include "input_error_of.h"
#include "io/input_error.h"
#include "io/suggest.h"
#include "io/text_source.h"
#include "io/utf8.h"

#include <array>
#include <memory>

using namespace trainbudget::io;

namespace {

Location place(const std::string& source, int line, int column) {
  return {"run.yaml", line, column, std::make_shared<const std::string>(source)};
}

}  // namespace

TEST_CASE("an error shows its place, the line with a caret, and the hint") {
  const InputError error(place("a: 1\ntokens: 300GB\n", 2, 9), "'300GB' is bytes", "write 300B");
  CHECK(describe(error) ==
        "run.yaml:2:9: '300GB' is bytes\n"
        "  tokens: 300GB\n"
        "          ^\n"
        "hint: write 300B");
}

TEST_CASE("an error without a place shows its file, or its message alone") {
  CHECK(describe(InputError({.file = "run.yaml"}, "no such file")) == "run.yaml: no such file");
  CHECK(describe(InputError({.file = "run.yaml", .line = 3}, "odd")) == "run.yaml:3: odd");
  CHECK(describe(InputError({}, "odd")) == "odd");
}

TEST_CASE("an option is a place") {
  CHECK(describe(InputError(option_location("--tokens", "300GB"), "odd")) ==
        "--tokens: odd\n"
        "  300GB\n"
        "  ^");
}

TEST_CASE("the caret stands under its character after tabs, accents and wide characters") {
  CHECK(describe(InputError(place("\tkey: x\r\n", 1, 7), "m")) == "run.yaml:1:7: m\n   key: x\n        ^");
  CHECK(describe(InputError(place("é: x", 1, 5), "m")) == "run.yaml:1:5: m\n  é: x\n     ^");
  CHECK(describe(InputError(place("価: x", 1, 6), "m")) == "run.yaml:1:6: m\n  価: x\n      ^");
  CHECK(describe(InputError(place("e\xCC\x81: x", 1, 6), "m")) == "run.yaml:1:6: m\n  e\xCC\x81: x\n     ^");
}

TEST_CASE("what could garble a terminal is shown as a question mark") {
  const InputError error(place("a\x1b[31m\xff: \xE2\x80\xAE", 1, 1), "bad \x1b[0m", "h\x07");
  CHECK(describe(error) == "run.yaml:1:1: bad ?[0m\n  a?[31m?: ?\n  ^\nhint: h?");
}

TEST_CASE("a long line is cut around the caret, between characters") {
  const std::string line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  const std::string text = describe(InputError(place(line, 1, 5001), "m"));
  CHECK(text.size() < 300);
  const std::size_t shown = text.find('\n') + 1;
  const std::size_t under = text.find('\n', shown) + 1;
  CHECK(text.find('X') - shown == text.find('^') - under);
  CHECK(text.find("  ...aaa") == shown);

  std::string accents;
  for (int i = 0; i < 1000; ++i)
    accents += "é";
  for (int column = 200; column < 204; ++column) {
    CHECK(describe(InputError(place(accents, 1, column), "m")).find('?') == std::string::npos);
  }
}

TEST_CASE("a place outside its source is shown without harm") {
  CHECK(describe(InputError(place("a", 1, 99), "m")) == "run.yaml:1:99: m\n  a\n   ^");
  CHECK(describe(InputError(place("a", 7, 1), "m")) == "run.yaml:7:1: m\n  \n  ^");
}

TEST_CASE("an offset is turned into line and column") {
  const auto source = std::make_shared<const std::string>("ab\ncd\n");
  const auto check = [&](std::size_t offset, int line, int column) {
    const Location where = locate(source, "f", offset);
    CHECK(where.line == line);
    CHECK(where.column == column);
  };
  check(0, 1, 1);
  check(1, 1, 2);
  check(3, 2, 1);
  check(6, 3, 1);
}

TEST_CASE("UTF-8 is decoded by the letter of the standard") {
  CHECK(decode_utf8("é", 0).value == 0xE9);
  CHECK(decode_utf8("価", 0).length == 3);
  CHECK(decode_utf8("😀", 0).value == 0x1F600);
  for (const char* broken :
       {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    CHECK_FALSE(decode_utf8(broken, 0).valid);
    CHECK(decode_utf8(broken, 0).length == 1);
  }
}

TEST_CASE("an input that is no text is refused at the first odd byte") {
  const auto problem = [](const std::string& text) {
    return input_error_of([&] { checked_source(text, "f", 1000); });
  };
  CHECK(std::string(problem(std::string("a\nb\0c", 5)).what()).find("NUL") != std::string::npos);
  CHECK(problem(std::string("a\nb\0c", 5)).location.line == 2);
  CHECK(problem(std::string("a\nb\0c", 5)).location.column == 2);
  CHECK(std::string(problem("\xFF\xFE"
                            "a")
                        .what())
            .find("UTF-16") != std::string::npos);
  CHECK(std::string(problem("a\x04").what()).find("control character") != std::string::npos);
  CHECK(std::string(problem("a\rb").what()).find("carriage return") != std::string::npos);
  CHECK(std::string(problem("a\xE9").what()).find("UTF-8") != std::string::npos);
  CHECK(std::string(problem(std::string(1001, 'a')).what()).find("too large") != std::string::npos);
}

TEST_CASE("a byte order mark, tabs and CRLF are text") {
  CHECK(*checked_source("\xEF\xBB\xBF"
                        "a:\t1\r\n",
                        "f", 100) == "a:\t1\r\n");
}

TEST_CASE("the nearest word is suggested") {
  constexpr std::array<std::string_view, 5> words = {"tokens", "gpus", "efficiency", "h100-sxm-80gb",
                                                     "h100-pcie-80gb"};
  CHECK(closest("token", words) == "tokens");
  CHECK(closest("TOKENS", words) == "tokens");
  CHECK(closest("tokesn", words) == "tokens");  // one swap
  CHECK(closest("gpu", words) == "gpus");
  CHECK(closest("eficiancy", words) == "efficiency");
  CHECK(closest("h100-sxm-80bg", words) == "h100-sxm-80gb");
  CHECK(closest("h100", words) == "h100-sxm-80gb");  // the shortest that begins so
  CHECK_FALSE(closest("price", words));
  CHECK_FALSE(closest("", words));
  CHECK_FALSE(closest(std::string(100'000, 'x'), words));
}

TEST_CASE("nothing is suggested that shares no letter") {
  constexpr std::array<std::string_view, 1> words = {"b"};
  CHECK_FALSE(closest("a", words));
  CHECK(closest("B", words) == "b");
}

TEST_CASE("where nothing is near, the words are listed, not too many") {
  constexpr std::array<std::string_view, 2> few = {"spot", "reserved"};
  CHECK(did_you_mean_or_list("sput", few) == "did you mean 'spot'?");
  CHECK(did_you_mean_or_list("xyzzy", few) == "one of spot, reserved");
  const std::vector<std::string_view> many(50, "aaaaaa");
  CHECK(did_you_mean_or_list("xyzzy", many).ends_with(", ..."));
}
