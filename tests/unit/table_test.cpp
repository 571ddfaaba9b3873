#include "render/table.h"

#include "catch.h"

using namespace trainbudget::render;

namespace {
Table sample() {
  return {.columns = {{"name", "Name", false}, {"price_usd", "Price", true}},
          .rows = {{Cell::of("a|b, \"c\""), Cell::of("$1.50", 1.5)}, {Cell::of("µ"), Cell::unknown()}}};
}
}  // namespace

TEST_CASE("text columns are aligned by what is seen, not by bytes") {
  CHECK(table_text(sample(), {}) == "Name      Price\na|b, \"c\"  $1.50\nµ             –\n");
}

TEST_CASE("a narrow terminal cuts text, never numbers") {
  Table table = sample();
  table.rows[0][0] = Cell::of("a very long name indeed");
  CHECK(table_text(table, {.width = 20}).starts_with("Name                     Price\n"));
  table.columns[0].elastic = true;
  CHECK(table_text(table, {.width = 20}) ==
        "Name           Price\na very long …  $1.50\nµ                  –\n");
  CHECK(table_text(table, {.width = 20, .whole = true}) ==
        "Name                     Price\na very long name indeed  $1.50\nµ                            –\n");
}

TEST_CASE("Markdown escapes its own signs") {
  CHECK(table_markdown(sample()) == "| Name | Price |\n|---|---:|\n| a\\|b, \"c\" | $1.50 |\n| µ | – |\n");
}

TEST_CASE("CSV has keys and machine values, unknown is empty") {
  CHECK(table_csv(sample()) == "name,price_usd\n\"a|b, \"\"c\"\"\",1.5\nµ,\n");
}

TEST_CASE("JSON has one object per row, unknown is null") {
  CHECK(table_json(sample()) ==
        "[\n  {\n    \"name\": \"a|b, \\\"c\\\"\",\n    \"price_usd\": 1.5\n  },\n  {\n    \"name\": "
        "\"µ\",\n    \"price_usd\": null\n  }\n]\n");
}

TEST_CASE("long text breaks at spaces") {
  CHECK(wrapped("one two three", 8, 2) == "one two\n  three");
  CHECK(wrapped("one two three", 0, 2) == "one two three");
}

TEST_CASE("a wrapping last column continues below itself") {
  const Table table{.columns = {{"a", "A"}, {"b", "B", false, false, true}},
                    .rows = {{Cell::of("x"), Cell::of("some words that do not fit on one line")}}};
  CHECK(table_text(table, {.width = 26}) == "A  B\nx  some words that do not\n   fit on one line\n");
}
